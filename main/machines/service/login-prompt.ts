import type { Machine } from '../machine.ts';

/** What most systems ask with. */
const USUAL_PROMPT = 'login:';

/**
 * Calls back once when a login prompt comes over the guest's first serial port.
 * @param prompt what the appliance's own looks like, where that is known
 */
export function whenLoginIsAsked(
  machine: Pick<Machine, 'on'>,
  prompt: string | undefined,
  seen: () => void,
): void {
  const wanted = prompt?.trim() ?? USUAL_PROMPT;
  const decoder = new TextDecoder();
  let tail = '';
  const stopListening = [
    machine.on('serial', (bytes) => {
      const text = tail + decoder.decode(bytes, { stream: true });
      tail = text.slice(-wanted.length);
      if (!text.includes(wanted)) return;
      stop();
      seen();
    }),
    machine.on('state', ({ kind }) => {
      if (kind === 'stopped' || kind === 'failed') stop();
    }),
  ];
  const stop = () => {
    for (const end of stopListening) end();
  };
}

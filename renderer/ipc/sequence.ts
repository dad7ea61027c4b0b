import type { Push } from '../../shared/ipc/channel.ts';

/** Passes payloads on, and tells when a number was left out. What comes twice or late is dropped. */
export function inSequence<Payload>(
  listener: (payload: Payload) => void,
  onGap: () => void,
): (message: Push<Payload>) => void {
  let last: number | undefined;
  return ({ sequence, payload }) => {
    if (last !== undefined && sequence <= last) return;
    const missed = last !== undefined && sequence > last + 1;
    last = sequence;
    if (missed) onGap();
    listener(payload);
  };
}

import { isAlive, type Machine } from './machine.ts';

/** Ctrl-], as in telnet. The next key says what to do. */
const ESCAPE = 0x1d;

const HELP = [
  'Ctrl-] q  leave the console',
  'Ctrl-] p  press the power button',
  'Ctrl-] h  this help',
  'Ctrl-] Ctrl-]  send Ctrl-] to the guest',
];

/** Why the console was left. */
export type Departure =
  /** The user left with Ctrl-] q; the machine goes on. */
  | { readonly why: 'quit' }
  /** The machine stopped or failed: see its state. */
  | { readonly why: 'machine-ended' }
  /** This process was asked to end; the caller stops the machine and ends it. */
  | { readonly why: 'signal'; readonly signal: NodeJS.Signals };

/** The parts of `process.stdin` used here. */
export interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface TerminalParts {
  readonly machine: Machine;
  readonly input: TerminalInput;
  readonly output: { write(data: Uint8Array | string): unknown };
  /** Where the end of the process is announced: `process`. */
  readonly lifetime: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'];

/**
 * Connects the user's terminal with the machine's serial port, until the user leaves or the machine ends. The
 * terminal is raw meanwhile, so that every key reaches the guest; it is restored on every way out, also when the
 * process is ended by a signal, an error or `process.exit`. Where the input is no terminal its bytes are passed on and
 * have no escape.
 */
export function attachSerialTerminal(parts: TerminalParts): Promise<Departure> {
  const { machine, input, output, lifetime } = parts;
  const raw = input.isTTY === true && input.setRawMode !== undefined;
  let escaped = false;

  return new Promise((resolve) => {
    const say = (...lines: string[]) => output.write(lines.map((line) => `\r\n${line}`).join('') + '\r\n');

    const obey = (key: number) => {
      if (key === ESCAPE) {
        machine.sendSerial(Uint8Array.of(ESCAPE));
        return;
      }
      switch (String.fromCharCode(key).toLowerCase()) {
        case 'q': {
          leave({ why: 'quit' });
          return;
        }
        case 'p':
          return void machine.powerButton();
        default:
          say(...HELP);
      }
    };

    const onKeys = (chunk: Buffer) => {
      if (!raw) {
        machine.sendSerial(chunk);
        return;
      }
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const key = chunk[at] ?? 0;
        if (!escaped && key !== ESCAPE) continue;
        if (at > from) machine.sendSerial(chunk.subarray(from, at));
        from = at + 1;
        if (escaped) obey(key);
        escaped = !escaped;
      }
      if (from < chunk.length) machine.sendSerial(chunk.subarray(from));
    };

    const restore = () => {
      if (raw) input.setRawMode?.(false);
    };

    const signalHandlers = SIGNALS.map((signal) => ({
      signal,
      handle: () => leave({ why: 'signal', signal }),
    }));
    const stopListening = [
      machine.on('serial', (bytes) => void output.write(bytes)),
      machine.on('state', (state) => {
        if (state.kind === 'stopped' || state.kind === 'failed') leave({ why: 'machine-ended' });
      }),
    ];

    const leave = (departure: Departure) => {
      restore();
      input.off('data', onKeys);
      input.pause();
      lifetime.off('exit', restore);
      for (const { signal, handle } of signalHandlers) lifetime.off(signal, handle);
      for (const stop of stopListening) stop();
      resolve(departure);
    };

    if (!isAlive(machine.state)) return leave({ why: 'machine-ended' });
    lifetime.on('exit', restore);
    for (const { signal, handle } of signalHandlers) lifetime.on(signal, handle);
    if (raw) {
      input.setRawMode?.(true);
      say(`${machine.name}: Ctrl-] h for help`);
    }
    input.on('data', onKeys);
    input.resume();
  });
}

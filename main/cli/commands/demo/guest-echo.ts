import type { Machine } from '../../../machines/machine.ts';
import type { StatusLine } from '../../display/status-line.ts';

/** Escape sequences that would move the cursor of the terminal the guest's lines are shown in. */
// eslint-disable-next-line no-control-regex -- they begin with the control character ESC
const ESCAPES = /\x1b(?:\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>78cDEHM])/g;

/** Shows what a guest prints on its serial port, line by line, above a status line. */
export class GuestEcho {
  readonly #line: StatusLine;
  readonly #stopListening: () => void;
  readonly #decoder = new TextDecoder();
  #pending = '';
  #muted = false;

  constructor(machine: Pick<Machine, 'on'>, line: StatusLine) {
    this.#line = line;
    this.#stopListening = machine.on('serial', (bytes) => this.#hear(bytes));
  }

  /** Shows nothing more: what the guest is told to do is shown in another way. */
  mute(): void {
    this.#flush();
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
    this.#pending = '';
  }

  dispose(): void {
    this.#flush();
    this.#stopListening();
  }

  #hear(bytes: Uint8Array): void {
    const text = this.#pending + this.#decoder.decode(bytes, { stream: true }).replaceAll('\r', '');
    const lines = text.split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#show(line);
  }

  #flush(): void {
    if (this.#pending !== '') this.#show(this.#pending);
    this.#pending = '';
  }

  #show(line: string): void {
    const text = line.replaceAll(ESCAPES, '');
    if (!this.#muted && text.trim() !== '') this.#line.print(`  | ${text}\n`);
  }
}

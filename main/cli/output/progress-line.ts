import type { Terminal } from '../terminal.ts';
import { fixed } from './c-number.ts';

/** The progress line of QEMU's tools: `    (12.34/100%)`, rewritten in place. Prints nothing unless it is on. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #on: boolean;
  readonly #stepPercent: number;
  #printed = -Infinity;

  /** @param stepPercent how far it must move to be printed again */
  constructor(terminal: Terminal, on: boolean, stepPercent: number) {
    this.#terminal = terminal;
    this.#on = on;
    this.#stepPercent = stepPercent;
    this.report(0, 1);
  }

  report(done: number, total: number): void {
    const percent = total === 0 ? 100 : Math.min(100, (done / total) * 100);
    const edge = percent === 0 || percent === 100;
    if (!this.#on || (!edge && percent <= this.#printed + this.#stepPercent)) return;
    this.#printed = percent;
    this.#terminal.out(`    (${fixed(percent, 2)}/100%)\r`);
  }

  /** Ends the line. */
  end(): void {
    if (this.#on) this.#terminal.out('\n');
  }
}

import type { Clock } from '../../../shared/clock.ts';
import type { Terminal } from '../terminal.ts';

/** How often a line is printed where it cannot be redrawn: a log should stay readable. */
const LOG_INTERVAL_MS = 5000;

/**
 * One line that keeps changing: redrawn in place on a terminal, printed now and then elsewhere. Other output goes
 * through {@link print}, so that the two never mix on a line.
 */
export class StatusLine {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #shown = '';
  #lastPrintedMs = -Infinity;
  #lastPrinted = '';

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  show(text: string): void {
    if (this.#terminal.interactive) {
      const line = text.slice(0, Math.max(10, this.#terminal.columns - 1));
      if (line === this.#shown) return;
      this.#terminal.out(`\r\x1b[K${line}`);
      this.#shown = line;
      return;
    }
    this.#shown = text;
    if (this.#clock.now() - this.#lastPrintedMs < LOG_INTERVAL_MS || text === this.#lastPrinted) return;
    this.#printLine(text);
  }

  /** Prints text above the line. */
  print(text: string): void {
    if (!this.#terminal.interactive || this.#shown === '') {
      this.#terminal.out(text);
      return;
    }
    const line = this.#shown;
    this.#terminal.out(`\r\x1b[K${text}${text.endsWith('\n') ? '' : '\n'}${line}`);
  }

  /** Leaves the last state standing, and ends the line. */
  finish(): void {
    if (this.#shown === '') return;
    if (this.#terminal.interactive) this.#terminal.out('\n');
    else if (this.#shown !== this.#lastPrinted) this.#printLine(this.#shown);
    this.#shown = '';
  }

  #printLine(text: string): void {
    this.#terminal.out(`${text}\n`);
    this.#lastPrinted = text;
    this.#lastPrintedMs = this.#clock.now();
  }
}

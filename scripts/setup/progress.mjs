// Shows how set-up gets on: one live line per step in a terminal, plain lines everywhere else.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Somebody who watches a plain log wants a sign of life now and then. */
const SIGN_OF_LIFE_MS = 15_000;

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export class Progress {
  #out;
  #live;
  #logFolder;

  constructor({ out = process.stdout, logFolder }) {
    this.#out = out;
    this.#live = Boolean(out.isTTY) && !process.env.CI && process.env.TERM !== 'dumb';
    this.#logFolder = logFolder;
  }

  say(text) {
    this.#out.write(`${text}\n`);
  }

  skipped(title) {
    this.say(`  ✓ ${title}: already there`);
  }

  /**
   * Runs one step's work, showing it.
   *
   * @param {{ id: string, title: string }} step
   * @param {(report: { tell: (text: string) => void, detail: (line: string) => void,
   *                    handOver: (work: () => Promise<T>) => Promise<T> }) => Promise<void>} work
   *   tell: worth a line of its own; detail: output of a program, for the log and the live line; handOver: leaves the
   *   terminal to a program that asks the user something
   */
  async step({ id, title }, work) {
    mkdirSync(this.#logFolder, { recursive: true });
    const logFile = join(this.#logFolder, `${id}.log`);
    writeFileSync(logFile, '');
    const began = Date.now();
    const elapsed = () => seconds(Date.now() - began);
    let latest = '';
    const told = new Set();
    let frame = 0;
    const draw = () => {
      const line = `  ${FRAMES[frame++ % FRAMES.length]} ${title} (${elapsed()}) ${latest}`;
      this.#out.write(`\r\x1b[K${line.slice(0, (this.#out.columns ?? 80) - 1)}`);
    };
    const wipe = () => this.#live && this.#out.write('\r\x1b[K');
    const show = () => {
      if (this.#live) return setInterval(draw, FRAME_MS);
      return setInterval(() => this.say(`    … ${elapsed()} ${latest}`.trimEnd()), SIGN_OF_LIFE_MS);
    };

    if (!this.#live) this.say(`  … ${title}`);
    let timer = show();
    const report = {
      detail: (line) => {
        appendFileSync(logFile, `${line}\n`);
        if (line.trim() !== '') latest = line.trim();
      },
      tell: (text) => {
        told.add(text);
        appendFileSync(logFile, `${text}\n`);
        latest = text;
        wipe();
        this.say(`    ${text}`);
      },
      handOver: async (program) => {
        clearInterval(timer);
        wipe();
        try {
          return await program();
        } finally {
          timer = show();
        }
      },
    };
    try {
      await work(report);
      wipe();
      clearInterval(timer);
      this.say(`  ✓ ${title} (${elapsed()})`);
    } catch (error) {
      wipe();
      clearInterval(timer);
      this.say(`  ✗ ${title} (${elapsed()})`);
      error.logFile = logFile;
      error.output = error.output?.filter((line) => !told.has(line));
      throw error;
    }
  }
}

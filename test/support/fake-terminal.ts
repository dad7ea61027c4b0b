import { Readable } from 'node:stream';
import type { Terminal } from '../../main/cli/terminal.ts';

/** A terminal that remembers what was printed. */
export class FakeTerminal implements Terminal {
  readonly stdin = Readable.from([]);
  readonly interactive: boolean;
  readonly columns: number;
  stdout = '';
  stderr = '';
  readonly #interruption = new AbortController();

  constructor(options: { readonly interactive?: boolean; readonly columns?: number } = {}) {
    this.interactive = options.interactive ?? false;
    this.columns = options.columns ?? 80;
  }

  get interrupted(): AbortSignal {
    return this.#interruption.signal;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  interrupt(): void {
    this.#interruption.abort();
  }
}

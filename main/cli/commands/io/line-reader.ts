/** Lines from a stream, read only as fast as they are asked for. */
export class LineReader {
  readonly #stream: NodeJS.ReadableStream;
  #rest = '';
  #lines: string[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (text: string | Buffer) => this.#take(String(text)));
    stream.on('end', () => this.#end());
    stream.on('error', () => this.#end());
    stream.pause();
  }

  /** The next line without its end; null behind the last one, and when `signal` aborts. */
  async next(signal: AbortSignal): Promise<string | null> {
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop);
    while (this.#lines.length === 0 && !this.#ended && !signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#stream.resume();
      await woken;
    }
    this.#stream.pause();
    signal.removeEventListener('abort', stop);
    return signal.aborted ? null : (this.#lines.shift() ?? null);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines);
    this.#wake?.();
  }

  #end(): void {
    this.#ended = true;
    if (this.#rest !== '') this.#lines.push(this.#rest);
    this.#rest = '';
    this.#wake?.();
  }
}

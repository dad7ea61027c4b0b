import { err, ok, type Result } from '../../../shared/result.ts';
import type { Json } from './json.ts';
import { Lexer, type Token } from './lexer.ts';
import { parse } from './parse.ts';

/** What a message may cost. QEMU takes 64 MiB and two million tokens, of which no command here could make use. */
export const MESSAGE_LIMITS = { bytes: 1024 * 1024, tokens: 65_536, nesting: 1024 } as const;

/**
 * Finds the messages in what a client sends, wherever the packets are cut (`qobject/json-streamer.c`): a message is
 * whole when its brackets are, and no separator is needed. Failures carry QEMU's texts; reading goes on behind them.
 */
export class MessageReader {
  readonly #emit: (message: Result<Json>) => void;
  readonly #lexer = new Lexer(MESSAGE_LIMITS.bytes, (token) => this.#take(token));
  #tokens: Token[] = [];
  #bytes = 0;
  #braces = 0;
  #brackets = 0;

  constructor(emit: (message: Result<Json>) => void) {
    this.#emit = emit;
  }

  feed(bytes: Buffer): void {
    this.#lexer.feed(bytes);
  }

  #take(token: Token): void {
    const { kind, text } = token;
    if (kind === 'stray') return this.#end(err('malformed', `JSON parse error, stray '${shown(text)}'`));
    if (kind === '{') this.#braces++;
    if (kind === '}') this.#braces--;
    if (kind === '[') this.#brackets++;
    if (kind === ']') this.#brackets--;
    const exceeded = this.#limitExceededBy(token);
    if (exceeded !== null) return this.#end(err('malformed', `JSON ${exceeded} limit exceeded`));
    this.#tokens.push(token);
    this.#bytes += text.length;
    const isOpen = this.#braces > 0 || this.#brackets > 0;
    if (isOpen && this.#braces >= 0 && this.#brackets >= 0) return;
    const parsed = parse(this.#tokens);
    this.#end(
      parsed.ok ? ok(parsed.value) : err('malformed', `JSON parse error, ${shown(parsed.failure.message)}`),
    );
  }

  #limitExceededBy({ kind, text }: Token): string | null {
    if (kind === 'too-long' || this.#bytes + text.length > MESSAGE_LIMITS.bytes) return 'token size';
    if (this.#tokens.length >= MESSAGE_LIMITS.tokens) return 'token count';
    return this.#braces + this.#brackets > MESSAGE_LIMITS.nesting ? 'nesting depth' : null;
  }

  #end(message: Result<Json>): void {
    this.#tokens = [];
    this.#bytes = 0;
    this.#braces = 0;
    this.#brackets = 0;
    this.#emit(message);
  }
}

/** Bytes as a client is shown them. C's strings end at the first NUL. */
function shown(text: string): string {
  const [visible = ''] = text.split('\0');
  return Buffer.from(visible, 'latin1').toString('utf8');
}

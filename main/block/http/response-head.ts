import { type Result, err, ok } from '../../../shared/result.ts';

/** Status line and fields of a response (RFC 9112, sections 4 and 5). */
export interface ResponseHead {
  /** 100 to 999. */
  readonly status: number;
  /** Minor version: 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minorVersion: number;
  /** Fields by lower-case name; the values of a repeated field are joined with `, `. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Most bytes of a head, with all interim responses before it. */
export const HEAD_LIMIT_BYTES = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[\t ]*$/;
const LF = 10;
const CR = 13;

/**
 * Reads one response head, however its bytes are split. Socket reads go straight into {@link space}; what follows the
 * head in the same read is {@link rest}. Strict where leniency hides a disagreement about where a message ends: no
 * bare line feeds, no folded fields, no space before a colon. Memory is bounded by {@link HEAD_LIMIT_BYTES}.
 */
export class HeadReader {
  readonly #buffer = Buffer.allocUnsafeSlow(HEAD_LIMIT_BYTES);
  #filledBytes = 0;
  #lineStart = 0;
  #scanned = 0;
  #status: { status: number; minorVersion: number } | null = null;
  #fields = new Map<string, string>();

  /** Makes ready for the response to the next request. */
  reset(): void {
    this.#filledBytes = 0;
    this.#lineStart = 0;
    this.#startHead();
  }

  /** Where the next bytes from the socket go; never empty before {@link advance} has failed or returned a head. */
  space(): Buffer {
    return this.#filledBytes === 0 ? this.#buffer : this.#buffer.subarray(this.#filledBytes);
  }

  /**
   * Takes note of `count` bytes now in {@link space}. Returns the head once it is complete, null before.
   * Interim responses (1xx) are skipped. Fails with `malformed`, naming the part that is wrong.
   */
  advance(count: number): Result<ResponseHead | null> {
    this.#filledBytes += count;
    for (;;) {
      const end = this.#buffer.subarray(0, this.#filledBytes).indexOf(LF, this.#scanned);
      if (end < 0) break;
      if (end === this.#lineStart || this.#buffer[end - 1] !== CR) {
        return err('malformed', 'the response has a line that does not end in CR LF');
      }
      const line = this.#buffer.toString('latin1', this.#lineStart, end - 1);
      this.#lineStart = this.#scanned = end + 1;
      const step = this.#takeLine(line);
      if (!step.ok || step.value !== null) return step;
    }
    this.#scanned = this.#filledBytes;
    if (this.#filledBytes === HEAD_LIMIT_BYTES) {
      return err('malformed', `the head of the response is longer than ${HEAD_LIMIT_BYTES} bytes`);
    }
    return ok(null);
  }

  /** The bytes after the head: the beginning of the body. Valid until the next {@link reset}. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#lineStart, this.#filledBytes);
  }

  #takeLine(line: string): Result<ResponseHead | null> {
    if (this.#status === null) return this.#takeStatusLine(line);
    if (line !== '') return this.#takeField(line);
    const { status, minorVersion } = this.#status;
    if (status >= 200) return ok({ status, minorVersion, fields: this.#fields });
    if (status === 101)
      return err('malformed', 'the server switches protocols (status 101) without being asked to');
    this.#startHead();
    return ok(null);
  }

  #takeStatusLine(line: string): Result<null> {
    const match = STATUS_LINE.exec(line);
    if (!match) return err('malformed', 'the status line is not that of HTTP/1.0 or HTTP/1.1');
    this.#status = { status: Number(match[2]), minorVersion: Number(match[1]) };
    return ok(null);
  }

  #takeField(line: string): Result<null> {
    const match = FIELD_LINE.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) {
      return err('malformed', `line ${this.#fields.size + 2} of the head is not a field`);
    }
    const name = match[1].toLowerCase();
    const before = this.#fields.get(name);
    this.#fields.set(name, before === undefined ? match[2] : `${before}, ${match[2]}`);
    return ok(null);
  }

  #startHead(): void {
    this.#scanned = this.#lineStart;
    this.#status = null;
    this.#fields = new Map();
  }
}

/** Whether the connection may serve another request after this response (RFC 9112, section 9.3). */
export function keepsConnection(head: ResponseHead): boolean {
  const options = (head.fields.get('connection') ?? '').toLowerCase().split(/[\t ]*,[\t ]*/);
  if (options.includes('close')) return false;
  return head.minorVersion === 1 || options.includes('keep-alive');
}

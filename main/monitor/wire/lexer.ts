/** What the bytes of a client are made of. `stray`: a byte that fits nowhere, with what stood before it. */
export type TokenKind =
  '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'integer' | 'float' | 'keyword' | 'stray' | 'too-long';

export interface Token {
  readonly kind: TokenKind;
  /** One character for each byte. Strings have their quotes and escapes still. */
  readonly text: string;
}

type NumberState =
  'sign' | 'zero' | 'digits' | 'point' | 'fraction' | 'exponent' | 'exponent-sign' | 'exponent-digits';

type State =
  | NumberState
  | 'start'
  | 'recovery'
  | 'double-quoted'
  | 'double-quoted-escape'
  | 'single-quoted'
  | 'single-quoted-escape'
  | 'keyword';

type Step =
  /** The byte belongs to the token, which goes on in this state. */
  | State
  /** The byte ends the token and belongs to it. */
  | { readonly ends: TokenKind }
  /** The byte comes after the token. */
  | { readonly before: TokenKind | 'nothing' };

const STRAY: Step = { ends: 'stray' };
const AFTER_NOTHING: Step = { before: 'nothing' };
const PUNCTUATION = new Set<string>(['{', '}', '[', ']', ':', ',']);

/**
 * Cuts bytes into JSON tokens as QEMU's lexer does (`qobject/json-lexer.c`): also strings in single quotes; and after
 * a stray byte nothing counts up to the next control character or punctuation. Keeps no more than one token.
 */
export class Lexer {
  readonly #emit: (token: Token) => void;
  readonly #maxTokenBytes: number;
  #state: State = 'start';
  #text = '';

  constructor(maxTokenBytes: number, emit: (token: Token) => void) {
    this.#maxTokenBytes = maxTokenBytes;
    this.#emit = emit;
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at++) {
      at = this.#takeRun(bytes, at);
      const byte = bytes[at];
      if (byte !== undefined) this.#feedByte(byte);
    }
  }

  /** Takes bytes that change nothing, which may be most of a message, in one go. @returns where they end */
  #takeRun(bytes: Buffer, from: number): number {
    const goesOn = RUNS[this.#state];
    if (goesOn === undefined) return from;
    const end = Math.min(bytes.length, from + this.#maxTokenBytes - this.#text.length);
    let at = from;
    while (at < end && goesOn(bytes[at] ?? 0)) at++;
    if (this.#state !== 'recovery') this.#text += bytes.toString('latin1', from, at);
    return at;
  }

  #feedByte(byte: number): void {
    const char = String.fromCharCode(byte);
    for (;;) {
      const step = next(this.#state, byte, char);
      if (typeof step === 'string') {
        this.#state = step;
        this.#text = step === 'start' || step === 'recovery' ? '' : this.#text + char;
        break;
      }
      const consumed = 'ends' in step;
      const kind = consumed ? step.ends : step.before;
      const text = consumed ? this.#text + char : this.#text;
      this.#text = '';
      this.#state = kind === 'stray' ? 'recovery' : 'start';
      if (kind !== 'nothing') this.#emit({ kind, text });
      if (consumed) return;
    }
    if (this.#text.length <= this.#maxTokenBytes) return;
    this.#text = '';
    this.#state = 'start';
    this.#emit({ kind: 'too-long', text: '' });
  }
}

/** With which bytes a state goes on as it is; those that are told by a look at the byte alone. */
const RUNS: Partial<Record<State, (byte: number) => boolean>> = {
  'double-quoted': isPlain,
  'single-quoted': isPlain,
  keyword: (byte) => byte >= 0x61 && byte <= 0x7a,
  // Letters and digits.
  recovery: (byte) => (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39),
};

function next(state: State, byte: number, char: string): Step {
  if (isNumberState(state)) return IN_NUMBER[state](char, /\d/.test(char));
  switch (state) {
    case 'start':
      return begin(char);
    case 'recovery':
      return endsRecovery(byte, char) ? AFTER_NOTHING : 'recovery';
    case 'double-quoted':
      return inString(byte, char, '"', 'double-quoted', 'double-quoted-escape');
    case 'single-quoted':
      return inString(byte, char, "'", 'single-quoted', 'single-quoted-escape');
    case 'double-quoted-escape':
      return isText(byte) ? 'double-quoted' : STRAY;
    case 'single-quoted-escape':
      return isText(byte) ? 'single-quoted' : STRAY;
    case 'keyword':
      return /[a-z]/.test(char) ? 'keyword' : { before: 'keyword' };
  }
}

function begin(char: string): Step {
  if (PUNCTUATION.has(char)) return { ends: char as TokenKind };
  if (/[ \t\r\n]/.test(char)) return 'start';
  if (char === '"') return 'double-quoted';
  if (char === "'") return 'single-quoted';
  if (char === '-') return 'sign';
  if (char === '0') return 'zero';
  if (/[1-9]/.test(char)) return 'digits';
  return /[a-z]/.test(char) ? 'keyword' : STRAY;
}

/** Neither quote nor backslash, and no byte that ends a string. */
function isPlain(byte: number): boolean {
  return isText(byte) && byte !== 0x22 && byte !== 0x27 && byte !== 0x5c;
}

/** 0xFE and 0xFF occur in no UTF-8. */
function isText(byte: number): boolean {
  return byte >= 0x20 && byte <= 0xfd;
}

/** A tab is the one control character that does not. */
function endsRecovery(byte: number, char: string): boolean {
  return (!isText(byte) && char !== '\t') || PUNCTUATION.has(char);
}

function inString(byte: number, char: string, quote: string, inside: State, escape: State): Step {
  if (char === quote) return { ends: 'string' };
  if (char === '\\') return escape;
  return isText(byte) ? inside : STRAY;
}

/** What comes of the next character in a number. */
const IN_NUMBER: Readonly<Record<NumberState, (char: string, isDigit: boolean) => Step>> = {
  sign: (char, isDigit) => (char === '0' ? 'zero' : isDigit ? 'digits' : STRAY),
  zero: (char, isDigit) => (char === '.' ? 'point' : isDigit ? STRAY : { before: 'integer' }),
  digits: (char, isDigit) => {
    if (char === '.') return 'point';
    if (/e/i.test(char)) return 'exponent';
    return isDigit ? 'digits' : { before: 'integer' };
  },
  point: (_, isDigit) => (isDigit ? 'fraction' : STRAY),
  fraction: (char, isDigit) => {
    if (/e/i.test(char)) return 'exponent';
    return isDigit ? 'fraction' : { before: 'float' };
  },
  exponent: (char, isDigit) => (/[+-]/.test(char) ? 'exponent-sign' : isDigit ? 'exponent-digits' : STRAY),
  'exponent-sign': (_, isDigit) => (isDigit ? 'exponent-digits' : STRAY),
  'exponent-digits': (_, isDigit) => (isDigit ? 'exponent-digits' : { before: 'float' }),
};

function isNumberState(state: State): state is NumberState {
  return Object.hasOwn(IN_NUMBER, state);
}

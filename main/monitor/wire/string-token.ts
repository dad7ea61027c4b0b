import { err, ok, type Result } from '../../../shared/result.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a string token, with or without an escape sequence of each kind. QEMU takes no code points that are not
 * characters, and U+0000 also in its two-byte form (`qobject/json-parser.c`, `util/unicode.c`).
 *
 * @param token with its quotes, one character for each byte
 */
export function textOf(token: string): Result<string> {
  const inner = token.slice(1, -1);
  let text = '';
  for (let at = 0; at < inner.length;) {
    const piece = inner[at] === '\\' ? escapeAt(token, inner, at) : plainAt(inner, at);
    if (!piece.ok) return piece;
    text += piece.value.text;
    at += piece.value.length;
  }
  return ok(text);
}

interface Piece {
  readonly text: string;
  /** Bytes it takes in the token. */
  readonly length: number;
}

function plainAt(inner: string, at: number): Result<Piece> {
  const end = inner.indexOf('\\', at);
  const bytes = inner.slice(at, end < 0 ? undefined : end);
  try {
    const text = UTF8.decode(Buffer.from(bytes.replaceAll('\xc0\x80', '\0'), 'latin1'));
    if (!/\p{Noncharacter_Code_Point}/u.test(text)) return ok({ text, length: bytes.length });
  } catch {
    // Not UTF-8.
  }
  return err('malformed', 'invalid UTF-8 sequence in string');
}

function escapeAt(token: string, inner: string, at: number): Result<Piece> {
  const letter = inner[at + 1] ?? '';
  if (letter === 'u') return unicodeAt(token, inner, at);
  const text = SIMPLE[letter];
  return text === undefined ? err('malformed', 'invalid escape sequence in string') : ok({ text, length: 2 });
}

function unicodeAt(token: string, inner: string, at: number): Result<Piece> {
  const first = unitAt(inner, at);
  const leads = first !== null && first >= 0xd800 && first <= 0xdbff;
  const second = leads ? unitAt(inner, at + 6) : null;
  const isPair = first !== null && second !== null && second >= 0xdc00 && second <= 0xdfff;
  const codePoint = isPair ? 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff) : first;
  const length = isPair ? 12 : 6;
  if (codePoint !== null && isCharacter(codePoint))
    return ok({ text: String.fromCodePoint(codePoint), length });
  // QEMU shows as many bytes as the sequence should have, the quote at the end of the string among them.
  return err('malformed', `${token.slice(at + 1, at + 1 + length)} is not a valid Unicode character`);
}

/** The code unit of the escape sequence `\uXXXX` at `at`; null where there is none. */
function unitAt(inner: string, at: number): number | null {
  const digits = /^\\u([0-9a-fA-F]{4})$/.exec(inner.slice(at, at + 6))?.[1];
  return digits === undefined ? null : parseInt(digits, 16);
}

function isCharacter(codePoint: number): boolean {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  const isNoncharacter = (codePoint >= 0xfdd0 && codePoint <= 0xfdef) || (codePoint & 0xfffe) === 0xfffe;
  return !isSurrogate && !isNoncharacter;
}

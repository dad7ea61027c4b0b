import { SHIFT, keyBytes, usKey } from './scancodes.ts';

export interface TypedText {
  /** Keys down and up, one after the other: scan codes of set 1. */
  readonly keys: readonly (readonly number[])[];
  /** How many characters a US keyboard does not have; they are left out. */
  readonly left: number;
}

const RETURN = 0xff0d;
const TAB = 0xff09;

/** What somebody at a US keyboard presses to write a text. Line ends of all kinds are the Return key. */
export function typedText(text: string): TypedText {
  const keys: (readonly number[])[] = [];
  let left = 0;
  for (const character of text.replace(/\r\n?/g, '\n')) {
    const key = usKey(keysymOf(character));
    if (key === undefined) {
      left++;
      continue;
    }
    if (key.shift) keys.push(keyBytes(SHIFT, true));
    keys.push(keyBytes(key.code, true), keyBytes(key.code, false));
    if (key.shift) keys.push(keyBytes(SHIFT, false));
  }
  return { keys, left };
}

/** Characters outside of ASCII have none that a US keyboard knows. */
function keysymOf(character: string): number {
  if (character === '\n') return RETURN;
  if (character === '\t') return TAB;
  const point = character.codePointAt(0) ?? 0;
  return point >= 0x20 && point < 0x7f ? point : 0;
}

import { err, ok, type Result } from '../../../shared/result.ts';

/** One `key=value` of an option string. */
export interface OptionPair {
  readonly key: string;
  readonly value: string;
  /** True when the word stood without `=`: it then means `key=on`, or `key=off` as `nokey`. */
  readonly bare: boolean;
}

/**
 * Splits `-o key=value,key=value` as QEMU does: `,,` in a value stands for one comma, and a word without `=` switches
 * `word` on, or off when it begins with `no`.
 * Fails with `invalid-argument` on an empty list or one that begins or ends with a comma.
 */
export function parseOptionString(text: string): Result<OptionPair[]> {
  if (text === '' || text.startsWith(',') || text.endsWith(',')) {
    return err('invalid-argument', `Invalid option list: ${text}`);
  }
  const words = text.replaceAll(',,', '\0').split(',');
  return ok(words.map((word) => parseWord(word.replaceAll('\0', ','))));
}

/** Writes a value so that {@link parseOptionString} reads it back. */
export function escapeOptionValue(value: string): string {
  return value.replaceAll(',', ',,');
}

/** True when the string asks for help instead: a word of its own, `help` or `?`. */
export function asksForHelp(text: string): boolean {
  return text.split(',').some((word) => word === 'help' || word === '?');
}

function parseWord(word: string): OptionPair {
  const equals = word.indexOf('=');
  if (equals !== -1) return { key: word.slice(0, equals), value: word.slice(equals + 1), bare: false };
  if (word.startsWith('no')) return { key: word.slice(2), value: 'off', bare: true };
  return { key: word, value: 'on', bare: true };
}

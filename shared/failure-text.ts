import { GERMAN_CODES, GERMAN_FAILURES } from './failures-in-german.ts';
import type { Failure } from './result.ts';

export type SpokenLanguage = 'en' | 'de';

/** A failure in the language of the user: English is what it says itself. */
export function failureText({ code, message, words }: Failure, language: SpokenLanguage): string {
  if (language === 'en') return message;
  if (words === undefined) return `${GERMAN_CODES[code]} (${message})`;
  const [key, ...facts] = words;
  // That each key has the facts its words take is held by the type of `FailureWords`.
  const say: (...facts: readonly string[]) => string = GERMAN_FAILURES[key];
  return say(...facts);
}

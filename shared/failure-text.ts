import { GERMAN_CODES, GERMAN_ERRNOS, GERMAN_FAILURES } from './failures-in-german.ts';
import type { Failure } from './result.ts';

export type SpokenLanguage = 'en' | 'de';

/**
 * A failure in the language of the user: English is what it says itself. What has no words is said by its code and by what
 * the operating system calls it; never in English where another language is shown.
 */
export function failureText({ code, message, words, errno }: Failure, language: SpokenLanguage): string {
  if (language === 'en') return message;
  if (words === undefined) {
    const system = errno === undefined ? undefined : GERMAN_ERRNOS[errno];
    return system === undefined ? GERMAN_CODES[code] : `${GERMAN_CODES[code]} (${system})`;
  }
  const [key, ...facts] = words;
  // That each key has the facts its words take is held by the type of `FailureWords`.
  const say: (...facts: readonly string[]) => string = GERMAN_FAILURES[key];
  return say(...facts);
}

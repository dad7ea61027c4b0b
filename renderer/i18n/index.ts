import { failureText } from '../../shared/failure-text.ts';
import type { Preferences } from '../../shared/preferences.ts';
import type { Failure } from '../../shared/result.ts';
import { Cell } from '../reactive/cell.ts';
import { de } from './de.ts';
import { en, type Messages } from './en.ts';
import type { RateUnit } from '../../shared/rate-unit.ts';
import { Formatter } from './format.ts';

export type Language = 'en' | 'de';
const MESSAGES: Readonly<Record<Language, Messages>> = { en, de };

/** The user's region decides how numbers look where its language is the one shown. */
function localeFor(language: Language, system: string): string {
  return system.toLowerCase().startsWith(language) ? system : language;
}

export function languageFor(preferred: Preferences['language'], system: string): Language {
  if (preferred !== 'system') return preferred;
  return system.toLowerCase().startsWith('de') ? 'de' : 'en';
}

const systemLocale = 'navigator' in globalThis ? navigator.language : 'en';
const current = new Cell(settingsFor('system', 'MB/s'));

function settingsFor(preferred: Preferences['language'], rateUnit: RateUnit) {
  const language = languageFor(preferred, systemLocale);
  const locale = localeFor(language, systemLocale);
  return { language, locale, messages: MESSAGES[language], formatter: new Formatter(locale, rateUnit) };
}

export function speak(preferred: Preferences['language'], rateUnit: RateUnit): Language {
  const settings = settingsFor(preferred, rateUnit);
  current.value = settings;
  return settings.language;
}

/** The messages in the language shown. Read where they are used, so that a change of language reaches them. */
export function m(): Messages {
  return current.value.messages;
}

/** Numbers, sizes, rates and times as the user reads them. */
export function fmt(): Formatter {
  return current.value.formatter;
}

/** What went wrong, in the language shown. */
export function explain(failure: Failure): string {
  return failureText(failure, current.value.language);
}

export function locale(): string {
  return current.value.locale;
}

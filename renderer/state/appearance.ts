import type { Preferences } from '../../shared/preferences.ts';
import { speak } from '../i18n/index.ts';

/** Shows a window in the theme and language that the user prefers. */
export function applyAppearance(preferences: Partial<Preferences> = {}): void {
  const { theme = 'system', language = 'system', rateUnit = 'MB/s' } = preferences;
  document.documentElement.dataset['theme'] = theme;
  document.documentElement.lang = speak(language, rateUnit);
}

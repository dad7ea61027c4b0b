import { app, nativeTheme } from 'electron';
import { preferencesSchema, type Preferences } from '../../shared/preferences.ts';
import { type Result } from '../../shared/result.ts';
import { wordsFor, type Words } from './language.ts';
import { setLoginItem } from './login-item.ts';

/** The preferences as far as they concern what is outside windows. Until they are known, the defaults count. */
export class UserSettings {
  #preferences = preferencesSchema.parse({});
  #words = wordsFor(this.#preferences.language, app.getLocale());

  readonly words = (): Words => this.#words;

  get stayFor(): Preferences['stayFor'] {
    return this.#preferences.stayFor;
  }

  /** Looks, language and what the system starts at login. Fails where the latter cannot be set. */
  apply(changed: Preferences): Result<void> {
    const { theme, language, startAtLogin } = changed;
    this.#preferences = changed;
    this.#words = wordsFor(language, app.getLocale());
    nativeTheme.themeSource = theme === 'light' || theme === 'dark' ? theme : 'system';
    return setLoginItem(startAtLogin);
  }
}

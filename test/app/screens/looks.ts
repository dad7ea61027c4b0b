import type { ElectronApplication, JSHandle, Page } from '@playwright/test';
import type { BrowserWindow } from 'electron';

/** How a window may look. */
export interface Look {
  readonly name: string;
  readonly theme: 'light' | 'dark' | 'contrast';
  readonly language: 'en' | 'de';
  readonly size: { readonly width: number; readonly height: number };
}

export const SIZES = {
  small: { width: 800, height: 600 },
  usual: { width: 1180, height: 760 },
  large: { width: 1920, height: 1080 },
};

const look = (theme: Look['theme'], language: Look['language'], size: keyof typeof SIZES): Look => ({
  name: `${theme}-${language}-${size}`,
  theme,
  language,
  size: SIZES[size],
});

/**
 * Every theme, and every size in the languages: where things are does not depend on their colours, nor what colours they have on
 * where they are. The first is what screens are brought about in.
 */
export const LOOKS: readonly [Look, ...Look[]] = [
  look('light', 'en', 'small'),
  look('light', 'de', 'small'),
  look('light', 'en', 'usual'),
  look('light', 'de', 'usual'),
  look('dark', 'en', 'usual'),
  look('contrast', 'en', 'usual'),
  look('dark', 'de', 'large'),
];

/** Gives a window a look, by its size and by the preferences, as the user would. */
export async function show(app: ElectronApplication, page: Page, look: Look): Promise<void> {
  const { theme, language, size } = look;
  // A colour that is on its way to another is neither of them.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // On nothing that would look chosen.
  await page.mouse.move(1, 1);
  const frame = (await app.browserWindow(page)) as JSHandle<BrowserWindow>;
  await frame.evaluate((window, { width, height }) => window.setContentSize(width, height), size);
  await page.evaluate(
    async ([theme, language, width]) => {
      await window.headwater.request('preferences.set', { theme, language });
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const root = document.documentElement;
      while (root.dataset['theme'] !== theme || root.lang !== language || innerWidth !== width) await frame();
      // What follows from it is drawn one frame later.
      await frame();
      await frame();
    },
    [theme, language, size.width] as const,
  );
}

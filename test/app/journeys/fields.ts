import type { Locator, Page } from '@playwright/test';

/** Types a limit in kB/s, or that there is none. */
export async function setRate(place: Page | Locator, name: string, rate: string): Promise<void> {
  await place.getByRole('combobox', { name: `${name}: Unit` }).selectOption('kB/s');
  await place.getByRole('textbox', { name }).fill(rate);
  await place.getByRole('textbox', { name }).press('Enter');
}

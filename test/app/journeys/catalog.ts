/** What a user does in the catalog, for journeys that begin there. */
import { expect } from '@playwright/test';
import type { Desk } from './desk.ts';

/** Adds the raw disk behind an address. */
export async function addFromWeb({ main }: Desk, url: string, name: string): Promise<void> {
  await main.getByRole('button', { name: 'Add appliance…' }).click();
  const dialog = main.getByRole('dialog', { name: 'Add an appliance' });
  await dialog.getByRole('radio', { name: 'On the web' }).check();
  await dialog.getByLabel('Address').fill(url);
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(main.getByRole('article', { name }).first()).toBeVisible();
}

/** Chooses the next file, folder or file to be made in the dialog of the system, which opens for it. */
export async function chooseNext({ app }: Desk, file: string): Promise<void> {
  await app.evaluate(({ dialog }, file) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [file] });
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: file });
  }, file);
}

/** Adds a disk of this computer. */
export async function addFromFile(desk: Desk, file: string, name: string, format?: string): Promise<void> {
  const { main } = desk;
  await chooseNext(desk, file);
  await main.getByRole('button', { name: 'Add appliance…' }).click();
  const dialog = main.getByRole('dialog', { name: 'Add an appliance' });
  await dialog.getByRole('button', { name: 'Choose…' }).click();
  await expect(dialog.getByLabel('File')).toHaveValue(file);
  if (format !== undefined) await dialog.getByLabel('Format').selectOption(format);
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(main.getByRole('article', { name, exact: true }).first()).toBeVisible();
}

/** Makes a machine that stays off. */
export async function createOnly(
  { main }: Desk,
  appliance: string,
  name: string,
  kind: 'Standalone' | 'Linked' = 'Standalone',
): Promise<void> {
  await main
    .getByRole('button', { name: `Details of ${appliance}`, exact: true })
    .first()
    .click();
  const dialog = main.getByRole('dialog', { name: appliance });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('radio', { name: kind }).check();
  await dialog.getByRole('button', { name: 'Create only' }).click();
  await expect(dialog).toBeHidden();
}

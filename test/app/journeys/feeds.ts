/** What a user does with feeds, for journeys that need one. */
import { expect } from '@playwright/test';
import type { Desk } from './desk.ts';

/** Subscribes to a feed by its address or path, trusting the key it has. */
export async function addFeed(desk: Desk, address: string): Promise<void> {
  const { main } = desk;
  await desk.goTo('Preferences');
  const feeds = main.getByRole('region', { name: 'Feeds' });
  await feeds.getByRole('button', { name: 'Add feed…' }).click();
  const adding = main.getByRole('dialog', { name: 'Add a feed' });
  await adding.getByLabel('Address').fill(address);
  await adding.getByRole('button', { name: 'Look at it' }).click();
  await adding.getByRole('button', { name: 'Trust this key and add' }).click();
  await expect(adding).toBeHidden();
}

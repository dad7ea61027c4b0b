import { expect, test } from '@playwright/test';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

const NAME = 'Disk Tour';

test.describe('a guest that takes no notice of its power button', () => {
  let desk: Desk;
  test.beforeAll(async () => {
    desk = new Desk('shut-down');
    await desk.open();
  });
  test.afterAll(() => desk.leave());

  test('is told of after a while, and can be forced off', async () => {
    const card = desk.main.getByRole('article', { name: NAME, exact: true });
    await desk.step('It runs, and has no idea of power buttons', async () => {
      const start = desk.main.getByRole('button', { name: `Start ${NAME}`, exact: true }).first();
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      return guest.page;
    });
    await desk.step('It is told of', async () => {
      await desk.goTo('Machines');
      await card.getByRole('button', { name: `More for ${NAME}` }).click();
      await desk.main.getByRole('menuitem', { name: 'Shut down' }).click();
      await expect(desk.notices).toContainText(`The guest of ${NAME} has not reacted to Shut down`);
      await expect(card).toContainText('Running');
    });
    await desk.step('It is forced off', async () => {
      await desk.notices.getByRole('button', { name: 'Force off' }).click();
      await expect(card).toContainText('Off');
    });
  });
});

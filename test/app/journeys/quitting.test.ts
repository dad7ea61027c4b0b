/** Headwater is left while a machine runs, with each of the three answers; and what it tells while nobody looks. */
import { expect, test } from '@playwright/test';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb, createOnly } from './catalog.ts';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

test.describe.serial('leaving Headwater while a machine runs', () => {
  test.setTimeout(240_000);
  let desk: Desk;
  let guest: Guest;
  const NAME = 'Disk Tour';
  const card = () => desk.main.getByRole('article', { name: NAME, exact: true });

  async function leaveAndComeBack(button: string): Promise<void> {
    await desk.quit(button);
    await desk.open();
    await desk.goTo('Machines');
  }

  test.beforeAll(async () => {
    desk = new Desk('quitting');
    await desk.open();
    const start = desk.main.getByRole('button', { name: `Start ${NAME}`, exact: true }).first();
    guest = await Guest.opening(desk.app, () => start.click());
    await guest.shows(/tour>/);
    await desk.goTo('Machines');
  });
  test.afterAll(() => desk.leave());

  test('asks, and stays when that is what the user wants', async () => {
    await desk.askToQuit('Cancel');
    await expect.poll(() => desk.asked).toEqual(['Save and Quit', 'Power Off and Quit', 'Cancel']);
    await desk.step('The machine runs on', () => expect(card()).toContainText('Running'));
  });

  test('saves it, and it goes on the next time', async () => {
    await guest.type('r');
    const before = await guest.shows(/tour>$/);
    await leaveAndComeBack('Save and Quit');
    await desk.step('The next time it is suspended', () => expect(card()).toContainText('Suspended'));
    await desk.step('It shows what it showed', async () => {
      const resume = card().getByRole('button', { name: `Resume ${NAME}` });
      guest = await Guest.opening(desk.app, () => resume.click());
      expect(await guest.shows(/tour>$/)).toBe(before);
      return guest.page;
    });
  });

  test('powers it off', async () => {
    await leaveAndComeBack('Power Off and Quit');
    await desk.step('The next time it is off', () => expect(card()).toContainText('Off'));
  });
});

test.describe.serial('a machine that becomes standalone while nobody looks', () => {
  let desk: Desk;
  let master: FarMaster;

  /** Another program has the focus; what is shown on the desktop from now on is kept. */
  async function lookAway(): Promise<void> {
    await desk.app.evaluate(({ BrowserWindow, Notification }) => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      Notification.isSupported = () => true;
      Notification.prototype.show = function show(this: Electron.Notification) {
        told.push(`${this.title}: ${this.body}`);
      };
      BrowserWindow.getFocusedWindow = () => null;
    });
  }
  const told = () => desk.app.evaluate(() => (globalThis as unknown as { told: string[] }).told);
  const isComplete = () =>
    desk.main.getByRole('article', { name: 'Streamed' }).getByText('Fully streamed').isVisible();

  test.beforeAll(async () => {
    desk = new Desk('notification');
    master = await FarMaster.serve(masterFile('disk-tour'), 'off');
    await desk.open();
    await addFromWeb(desk, master.url, 'Far away');
  });
  test.afterAll(async () => {
    await desk.leave();
    await master.close();
  });

  test('is told of on the desktop, once', async () => {
    await lookAway();
    await createOnly(desk, 'Far away', 'Streamed');
    await desk.goTo('Machines');
    await expect.poll(told).toEqual(['Streamed is complete: Its disk needs no network any more.']);
    await desk.losePower();
    await desk.open();
    await lookAway();
    await desk.goTo('Machines');
    await expect.poll(isComplete).toBe(true);
    expect(await told()).toEqual([]);
  });
});

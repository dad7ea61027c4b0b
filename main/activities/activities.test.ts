import { describe, expect, it } from 'vitest';
import type { ActivityView } from '../../shared/ipc/activities.ts';
import { unwrap } from '../../shared/result.ts';
import { Activities } from './activities.ts';

const EXPORT = { kind: 'export', subject: 'disk', name: 'Tiny', cancellable: true } as const;

function setUp() {
  const told: (ActivityView | string)[] = [];
  let ids = 0;
  const activities = new Activities({
    newId: () => `a${++ids}`,
    changed: (activity) => told.push(activity),
    removed: (id) => told.push(id),
  });
  return { activities, told };
}

/** Work that goes on until it is told to end, or aborted. */
const endless = (signal: AbortSignal) =>
  new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('aborted')));

describe('an activity', () => {
  it('is told of from its beginning to its end, with how far it is', async () => {
    const { activities, told } = setUp();
    const result = await activities.run(EXPORT, async ({ progress }) => {
      await Promise.resolve();
      progress(0.5);
      progress(7);
      return 'done';
    });
    expect(result).toBe('done');
    await expect.poll(() => told.at(-1)).toBe('a1');
    const view = { id: 'a1', ...EXPORT };
    expect(told).toEqual([
      { ...view, fraction: null },
      { ...view, fraction: 0.5 },
      { ...view, fraction: 1 },
      'a1',
    ]);
    expect(unwrap(await activities.list())).toEqual([]);
  });

  it('can be ended, and is over when that is answered', async () => {
    const { activities, told } = setUp();
    const result = activities.run(EXPORT, ({ signal }) => endless(signal));
    expect(unwrap(await activities.list())).toHaveLength(1);
    unwrap(await activities.cancel({ id: 'a1' }));
    expect(await result).toBe('aborted');
    expect(told.at(-1)).toBe('a1');
  });

  it('cannot always be ended, but by the end of the program', async () => {
    const { activities } = setUp();
    const result = activities.run({ ...EXPORT, cancellable: false }, ({ signal }) => endless(signal));
    expect(await activities.cancel({ id: 'a1' })).toMatchObject({ failure: { code: 'unsupported' } });
    await activities.close();
    expect(await result).toBe('aborted');
  });

  it('that is over needs no ending', async () => {
    const { activities } = setUp();
    expect(await activities.cancel({ id: 'a1' })).toMatchObject({ ok: true });
  });

  it('is found by what it is about', async () => {
    const { activities } = setUp();
    const result = activities.run(EXPORT, ({ signal, progress }) => {
      queueMicrotask(() => progress(0.25));
      return endless(signal);
    });
    await Promise.resolve();
    expect(activities.isUnderWay('export', 'disk')).toBe(true);
    expect(activities.isUnderWay('import', 'disk')).toBe(false);
    await activities.cancelAbout('other');
    await activities.cancelAbout('disk');
    expect(await result).toBe('aborted');
  });
});

import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DONE, err, unwrap } from '../../shared/result.ts';
import { Catalog } from '../catalog/catalog.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { PreferencesService, type PreferencesParts } from './preferences-service.ts';

function setUp(over: Partial<PreferencesParts> = {}) {
  const catalog = unwrap(Catalog.open(path.join(tempFolder(), 'catalog.db'), { nowMs: () => 1 }));
  onTestFinished(() => void catalog.close());
  const publish = vi.fn();
  const open = () => unwrap(PreferencesService.open({ catalog, publish, ...over }));
  return { catalog, publish, open };
}

describe('the preferences', () => {
  it('have defaults for everything', async () => {
    expect(unwrap(await setUp().open().get())).toMatchObject({
      connections: 4,
      theme: 'system',
      schedule: [],
    });
  });

  it('keep what was set, and nothing else changes', async () => {
    const { open, publish } = setUp();
    const first = open();
    unwrap(await first.set({ globalLimit: 1000 }));
    const answered = unwrap(await first.set({ theme: 'dark' }));
    expect(answered).toMatchObject({ globalLimit: 1000, theme: 'dark', connections: 4 });
    expect(open().current).toEqual(answered);
    expect(publish).toHaveBeenLastCalledWith('preferences.changed', answered);
  });

  it('tell who listens', async () => {
    const service = setUp().open();
    const heard = vi.fn();
    const stop = service.onChange(heard);
    unwrap(await service.set({ metered: true }));
    stop();
    unwrap(await service.set({ metered: false }));
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('go on with the default of a stored value that cannot be used', () => {
    const onDamage = vi.fn();
    const { catalog, open } = setUp({ onDamage });
    unwrap(
      catalog.change(({ preferences }) => {
        preferences.set('connections', '1000');
        preferences.set('diskLimit', 'not json');
        preferences.set('globalLimit', '5');
      }),
    );
    expect(open().current).toMatchObject({ connections: 4, diskLimit: 0, globalLimit: 5 });
    expect(onDamage.mock.calls.flat().sort()).toEqual(['connections', 'diskLimit']);
  });

  it('move the storage before they name another folder for it', async () => {
    const moveStorage = vi.fn(async () => DONE);
    const service = setUp({ moveStorage }).open();
    expect(unwrap(await service.set({ storageFolder: '/elsewhere' }))).toMatchObject({
      storageFolder: '/elsewhere',
    });
    unwrap(await service.set({ storageFolder: '/elsewhere', theme: 'dark' }));
    expect(moveStorage).toHaveBeenCalledTimes(1);
  });

  it('keep the folder when the storage cannot be moved', async () => {
    const service = setUp({ moveStorage: async () => err('no-space', 'no room') }).open();
    expect(await service.set({ storageFolder: '/full', theme: 'dark' })).toMatchObject({
      failure: { code: 'no-space' },
    });
    expect(service.current).toMatchObject({ storageFolder: null, theme: 'system' });
  });
});

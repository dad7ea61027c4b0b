import { describe, expect, it } from 'vitest';
import { dataFolder } from './data-folder.ts';

describe('the folder for data', () => {
  it.each([
    ['linux', {}, '/home/ada/.local/share/headwater'],
    ['linux', { XDG_DATA_HOME: '/srv/data' }, '/srv/data/headwater'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/ada/.local/share/headwater'],
    ['darwin', { XDG_DATA_HOME: '/srv/data' }, '/home/ada/Library/Application Support/Headwater/data'],
    ['win32', { APPDATA: '/home/ada/roaming' }, '/home/ada/roaming/Headwater/data'],
  ] as const)('on %s with %o', (platform, environment, expected) =>
    expect(dataFolder(platform, environment, '/home/ada')).toBe(expected),
  );
});

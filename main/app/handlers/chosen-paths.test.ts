import { describe, expect, it } from 'vitest';
import { ChosenPaths } from './chosen-paths.ts';

const DENIED = { failure: { code: 'permission-denied' } };

describe('paths chosen by the user', () => {
  it('may be used, however they are written', () => {
    const chosen = new ChosenPaths();
    chosen.add('read', '/home/ada/disk.raw');
    expect(chosen.check('read', '/home/ada/./disk.raw').ok).toBe(true);
  });

  it('are the only ones', () => {
    const chosen = new ChosenPaths();
    chosen.add('read', '/home/ada/disk.raw');
    expect(chosen.check('read', '/home/ada/disk.raw/../.ssh/id')).toMatchObject(DENIED);
  });

  it('serve what they were chosen for, and nothing else', () => {
    const chosen = new ChosenPaths();
    chosen.add('read', '/home/ada/disk.raw');
    chosen.add('folder', '/home/ada');
    expect(chosen.check('save', '/home/ada/disk.raw')).toMatchObject(DENIED);
    expect(chosen.check('read', '/home/ada')).toMatchObject(DENIED);
  });

  it('are written once, and may be read again', () => {
    const chosen = new ChosenPaths();
    for (const purpose of ['read', 'save', 'folder'] as const) chosen.add(purpose, '/home/ada/disk.raw');
    const twice = (purpose: 'read' | 'save' | 'folder') =>
      [1, 2].map(() => chosen.check(purpose, '/home/ada/disk.raw').ok);
    expect([twice('read'), twice('save'), twice('folder')]).toEqual([
      [true, true],
      [true, false],
      [true, true],
    ]);
  });
});

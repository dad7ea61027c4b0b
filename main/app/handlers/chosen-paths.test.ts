import { describe, expect, it } from 'vitest';
import { ChosenPaths } from './chosen-paths.ts';

describe('paths chosen by the user', () => {
  it('may be used, however they are written', () => {
    const chosen = new ChosenPaths();
    chosen.add('/home/ada/disk.raw');
    expect(chosen.check('/home/ada/./disk.raw').ok).toBe(true);
  });

  it('are the only ones', () => {
    const chosen = new ChosenPaths();
    chosen.add('/home/ada/disk.raw');
    expect(chosen.check('/home/ada/disk.raw/../.ssh/id')).toMatchObject({
      failure: { code: 'permission-denied' },
    });
  });
});

import { describe, expect, it } from 'vitest';
import { BootProfile } from './boot-profile.ts';
import { BootRecorder } from './boot-recorder.ts';

describe('the boot recorder', () => {
  it('keeps first uses in their order, each byte once, and joins what follows on', () => {
    const recorder = new BootRecorder(1000);
    recorder.note({ offset: 100, length: 10 });
    recorder.note({ offset: 110, length: 10 });
    recorder.note({ offset: 0, length: 10 });
    recorder.note({ offset: 95, length: 30 });
    expect(recorder.profile()).toEqual([
      { offset: 100, length: 20 },
      { offset: 0, length: 10 },
      { offset: 95, length: 5 },
      { offset: 120, length: 5 },
    ]);
  });

  it('stops after as much as was asked for', () => {
    const recorder = new BootRecorder(15);
    for (let at = 0; at < 1000; at += 100) recorder.note({ offset: at, length: 10 });
    expect(recorder.profile()).toHaveLength(2);
  });

  it('is played back in order', () => {
    const profile = new BootProfile([
      { offset: 5, length: 1 },
      { offset: 3, length: 1 },
    ]);
    expect([profile.next()?.offset, profile.next()?.offset, profile.next()]).toEqual([5, 3, null]);
  });
});

import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { runsOnText } from './runs-on.ts';

describe('what a machine runs on', () => {
  it('is told with what makes it fast or slow, as soon as that is known', () => {
    const text = (runsOn: Parameters<typeof runsOnText>[0]) => runsOnText(runsOn, en.hardware);
    expect(text({ backEnd: 'qemu', qemu: { version: '7.2.22', accelerator: 'kvm' } })).toBe('QEMU 7.2, KVM');
    expect(text({ backEnd: 'qemu', qemu: { version: '10.1', accelerator: 'tcg' } })).toBe(
      'QEMU 10.1, emulated',
    );
    expect(text({ backEnd: 'qemu', qemu: null })).toBe('QEMU');
    expect(text({ backEnd: 'v86', qemu: null })).toBe('Built in');
    expect(text(null)).toBe('nothing on this computer');
  });
});

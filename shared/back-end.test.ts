import { describe, expect, it } from 'vitest';
import { chooseBackEnd, type GuestNeeds } from './back-end.ts';
import type { BackEndChoice } from './hardware.ts';
import { GIB, TIB } from './units.ts';

function chosen(needs: Partial<GuestNeeds>, choice: BackEndChoice = 'automatic', installed = true) {
  const guest: GuestNeeds = { arch: 'i386', memoryMiB: 128, diskBytes: GIB, ...needs };
  const result = chooseBackEnd(guest, choice, () => installed);
  if (!result.ok) return result.failure.words?.[0];
  return result.value === 'v86' ? 'v86' : 'qemu';
}

describe('what runs a machine', () => {
  it('is what is built in where that can, and QEMU for the rest', () => {
    expect(chosen({})).toBe('v86');
    expect(chosen({ arch: 'x86_64' })).toBe('qemu');
    expect(chosen({ arch: 'aarch64' })).toBe('qemu');
    expect(chosen({ memoryMiB: 2048 })).toBe('qemu');
    expect(chosen({ diskBytes: 3 * TIB })).toBe('qemu');
  });

  it('is what the appliance is known to run on best, where that is there', () => {
    expect(chosen({ backEnds: ['qemu', 'v86'] })).toBe('qemu');
    expect(chosen({ backEnds: ['qemu', 'v86'] }, 'automatic', false)).toBe('v86');
    expect(chosen({ backEnds: ['v86'], memoryMiB: 2048 })).toBe('memory-too-large');
  });

  it('is what the user chose', () => {
    expect(chosen({}, 'qemu')).toBe('qemu');
    expect(chosen({ backEnds: ['qemu'] }, 'v86')).toBe('v86');
  });

  it('is nothing, with what to do about it, where nothing can', () => {
    expect(chosen({ arch: 'x86_64' }, 'automatic', false)).toBe('qemu-missing');
    expect(chosen({}, 'qemu', false)).toBe('qemu-missing');
    expect(chosen({ arch: 'x86_64' }, 'v86')).toBe('other-processor');
    expect(chosen({ arch: 'aarch64' }, 'v86')).toBe('other-processor');
    expect(chosen({ arch: 'aarch64' }, 'automatic', false)).toBe('qemu-missing');
  });
});

import { describe, expect, it } from 'vitest';
import { forwardGuestFlushes } from './guest-flush.ts';

/** The part of v86's IDE disk that flushes go through, with its behaviour. */
class IdeDisk {
  current_command = -1;
  status_reg = 0x50;
  data = new Uint8Array(512);
  channel = { dma_command: 0, dma_status: 0 };
  answered: number[] = [];
  ata_command(code: number): void {
    this.status_reg = 0x50;
    this.answered.push(code);
  }
  create_identify_packet(): void {
    this.data.fill(0);
  }
  ata_read_sectors(): void {}
  do_ata_read_sectors_dma(): void {}
}

function pc() {
  const disk = new (class extends IdeDisk {})();
  const cdrom = new IdeDisk();
  const flushes: (() => void)[] = [];
  const emulator = { v86: { cpu: { devices: { ide: { primary: { master: disk } } } } } };
  const forwarded = forwardGuestFlushes(emulator, () => new Promise((resolve) => flushes.push(resolve)));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { disk, cdrom, flushes, forwarded, turn };
}

describe("the guest's flush commands", () => {
  it.each([0xe7, 0xea])('keep the disk busy until it was flushed: 0x%x', async (code) => {
    const { disk, flushes, turn } = pc();
    disk.ata_command(code);
    expect([disk.status_reg & 0x80, disk.answered]).toEqual([0x80, []]);
    flushes[0]?.();
    await turn();
    expect([disk.status_reg & 0x80, disk.answered]).toEqual([0, [code]]);
  });

  it('are not answered when the guest has reset its disk meanwhile', async () => {
    const { disk, flushes, turn } = pc();
    disk.ata_command(0xe7);
    disk.status_reg = 0x51;
    flushes[0]?.();
    await turn();
    expect(disk.answered).toEqual([]);
  });

  it('are not answered twice when another one follows a reset', async () => {
    const { disk, flushes, turn } = pc();
    disk.ata_command(0xe7);
    disk.status_reg = 0x51;
    disk.ata_command(0xea);
    flushes[0]?.();
    await turn();
    expect(disk.answered).toEqual([]);
    flushes[1]?.();
    await turn();
    expect(disk.answered).toEqual([0xea]);
  });

  it('are the only ones touched', () => {
    const { disk, flushes } = pc();
    disk.ata_command(0xc8);
    expect([disk.answered, flushes.length]).toEqual([[0xc8], 0]);
  });

  it('are asked for: the disk says that it has a write cache', () => {
    const { disk } = pc();
    disk.create_identify_packet();
    expect([disk.data[164], disk.data[170]]).toEqual([0x20, 0x20]);
  });

  it('are left alone in a build of v86 that is not as expected', () => {
    expect(forwardGuestFlushes({}, async () => undefined)).toBe(false);
    expect(forwardGuestFlushes(null, async () => undefined)).toBe(false);
  });
});

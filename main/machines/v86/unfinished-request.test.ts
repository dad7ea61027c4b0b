import { describe, expect, it } from 'vitest';
import { repeatUnfinishedRequest } from './unfinished-request.ts';

/** v86's disk with these registers; answers with what was asked of it. */
function askedOf(command: number, status: number, channel = { dma_command: 0, dma_status: 0 }): string[] {
  const asked: string[] = [];
  const disk = {
    current_command: command,
    status_reg: status,
    data: new Uint8Array(512),
    channel,
    ata_command: (code: number) => asked.push(`command ${code.toString(16)}`),
    create_identify_packet: () => undefined,
    ata_read_sectors: (code: number) => asked.push(`read ${code.toString(16)}`),
    do_ata_read_sectors_dma: () => asked.push('transfer'),
  };
  repeatUnfinishedRequest({ v86: { cpu: { devices: { ide: { primary: { master: disk } } } } } });
  return asked;
}

const ACTIVE = { dma_command: 9, dma_status: 1 };

describe('a request that was unfinished when its guest was saved', () => {
  it.each([0x20, 0x24, 0x29, 0xc4])('is read again for the processor: 0x%x', (command) => {
    expect(askedOf(command, 0xc0)).toEqual([`read ${command.toString(16)}`]);
  });

  it.each([0xc8, 0x25])('is transferred again: 0x%x', (command) => {
    expect(askedOf(command, 0x58, ACTIVE)).toEqual(['transfer']);
  });

  it.each([0xe7, 0xea])('is flushed again: 0x%x', (command) => {
    expect(askedOf(command, 0xd0)).toEqual([`command ${command.toString(16)}`]);
  });

  it('is none when it was answered, or not begun, or the build is another', () => {
    expect(askedOf(0x20, 0x58)).toEqual([]);
    expect(askedOf(-1, 0x50, ACTIVE)).toEqual([]);
    expect(askedOf(0xc8, 0x58, { dma_command: 8, dma_status: 1 })).toEqual([]);
    expect(askedOf(0xc8, 0x58, { dma_command: 9, dma_status: 0 })).toEqual([]);
    expect(askedOf(0x35, 0x58, ACTIVE)).toEqual([]);
    expect(askedOf(0xe7, 0x50)).toEqual([]);
    expect(() => repeatUnfinishedRequest({ v86: {} })).not.toThrow();
  });
});

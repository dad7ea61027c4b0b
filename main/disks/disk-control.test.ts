import { describe, expect, it, vi } from 'vitest';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { newStream } from '../catalog/tables/streams.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import { Shares } from '../streaming/limits/fair-share.ts';
import { DiskControl } from './disk-control.ts';
import type { FileFacts } from './disk-view.ts';
import type { DiskRows } from './disk-rows.ts';
import type { OpenedDisk } from './opened-disk.ts';

const REFUSAL = err('io', 'The thread does not do that');
const STATUS = {
  standalone: false,
  job: { device: 'disk-d', status: 'running', paused: false, ioStatus: 'ok' },
} as unknown as DiskStatus;

const FACTS: FileFacts = {
  localBytes: 0,
  standalone: false,
  bootMissingBytes: null,
  fileBytes: 0,
  problem: null,
};

/** A disk whose machine is on and whose job runs although the user paused it; it answers as told. */
async function setUp(over: Partial<OpenedDisk>) {
  const disk: OpenedDisk = {
    connect: async () => REFUSAL,
    reconnect: async () => DONE,
    startStream: async () => DONE,
    controlJob: async () => DONE,
    setSpeed: async () => DONE,
    layers: async () => ok([]),
    setLimit: async () => DONE,
    retryNow: async () => DONE,
    recordBoot: async () => DONE,
    bootEnded: async () => DONE,
    stampContent: async () => DONE,
    flush: async () => DONE,
    serveNbd: async () => REFUSAL,
    stopNbd: async () => DONE,
    activity: async () => ok({ filling: [], demanded: [] }),
    status: async () => ok(STATUS),
    close: async () => DONE,
    ...over,
  };
  const row = {
    id: 'd',
    machineId: 'm',
    masterId: null,
    kind: 'standalone',
    path: '/d.qed',
    lengthBytes: 512,
    createdMs: 1,
  } as const;
  const rows: DiskRows = { row, stream: newStream('d', 'paused'), masters: [], boot: null, copy: null };
  const refused = vi.fn();
  const control = new DiskControl(rows, {
    clock: new SimulatedClock(),
    open: async () => ok(disk),
    globalLimit: new SharedArrayBuffer(0),
    shares: new Shares(),
    rules: () => ({ globalLimit: 0, diskLimit: 0, metered: false }),
    jobTold: () => {},
    connections: () => 1,
    copies: () => null,
    takeSlot: () => true,
    giveBackSlot: () => undefined,
    look: async () => ({ facts: FACTS, tookMs: 0 }),
    changed: () => undefined,
    completed: () => undefined,
    failed: () => undefined,
    bootRecorded: () => undefined,
    storeFailed: () => undefined,
    wrongBytes: () => undefined,
    packLost: () => undefined,
    refused,
  });
  expect((await control.acquire()).ok).toBe(true);
  return { control, refused };
}

describe('a disk that does not do what it is told', () => {
  it('has that reported, and answered to who asked, when it is its job', async () => {
    const { control, refused } = await setUp({ controlJob: async () => REFUSAL });
    expect(refused).toHaveBeenCalledWith(control, REFUSAL.failure);
    expect(await control.steer('pause')).toEqual(REFUSAL);
  });

  it('has that answered when it is its limit, and reported when it was opened with it', async () => {
    const { control, refused } = await setUp({ setLimit: async () => REFUSAL });
    expect(refused).toHaveBeenCalledWith(control, REFUSAL.failure);
    expect(await control.applyLimit()).toEqual(REFUSAL);
  });

  it('has that answered when it is to try again', async () => {
    const { control } = await setUp({ retryNow: async () => REFUSAL });
    expect(await control.steer('retry-now')).toEqual(REFUSAL);
  });

  it.each<[string, Result<never>]>([
    ['whose thread has ended', err('closed', 'The thread of the disk has ended')],
    ['whose job has ended', err('not-found', "Block job 'stream' not found")],
  ])('is not complained of, %s', async (_, gone) => {
    const answer = async () => gone;
    const { control, refused } = await setUp({ controlJob: answer, setLimit: answer, retryNow: answer });
    expect(await control.applyLimit()).toEqual(DONE);
    expect(await control.steer('retry-now')).toEqual(DONE);
    expect(refused).not.toHaveBeenCalled();
  });
});

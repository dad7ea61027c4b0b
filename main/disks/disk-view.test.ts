import { describe, expect, it } from 'vitest';
import { diskViewSchema } from '../../shared/ipc/machines.ts';
import type { Failure } from '../../shared/result.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import { newStream } from '../catalog/tables/streams.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import type { StreamJobInfo } from '../streaming/job/stream-job.ts';
import { diskView, type DiskKnowledge, type FileFacts } from './disk-view.ts';

const JOB: StreamJobInfo = {
  type: 'stream',
  device: 'stream',
  len: 1000,
  offset: 500,
  speed: 0,
  status: 'running',
  busy: true,
  paused: false,
  ready: false,
  ioStatus: 'ok',
  autoFinalize: true,
  autoDismiss: true,
  rate: 100,
  etaMs: 5000,
  waitingForSource: null,
};

const ROW: DiskRow = {
  id: 'd',
  machineId: 'm',
  masterId: null,
  kind: 'standalone',
  path: '/d.qed',
  lengthBytes: 1000,
  createdMs: 1,
};

const FILE: FileFacts = {
  localBytes: 500,
  standalone: false,
  bootMissingBytes: null,
  fileBytes: 700,
  problem: null,
};

function status(job: Partial<StreamJobInfo> | null, standalone = false): DiskStatus {
  return {
    lengthBytes: 1000,
    standalone,
    flags: { copyOnRead: true, stream: true },
    contentStamp: null,
    guest: { reads: 0, readBytes: 0, missedReads: 0, readMs: 0, writes: 0, writtenBytes: 0 },
    waiting: null,
    bootPack: null,
    mirrors: [],
    job: job === null ? null : { ...JOB, ...job },
    jobs: [],
  };
}

function view(over: Partial<DiskKnowledge> = {}) {
  const shown = diskView({
    row: ROW,
    stream: newStream('d', 'running'),
    masters: [],
    boot: null,
    copy: null,
    file: FILE,
    status: null,
    waiting: null,
    openFailure: null,
    limit: 0,
    heldBy: null,
    nowMs: 0,
    ...over,
  });
  expect(diskViewSchema.safeParse(shown).success).toBe(true);
  return shown;
}

const failure = (code: Failure['code']): Failure => ({ code, message: 'because' });

describe('the state of a disk, as windows show it', () => {
  it.each<[string, Partial<DiskKnowledge>]>([
    ['streaming', { status: status({}) }],
    ['paused', { status: status({ paused: true }), stream: newStream('d', 'paused') }],
    ['paused', { stream: newStream('d', 'paused') }],
    ['paused', { heldBy: 'metered' }],
    ['paused', { heldBy: 'turn' }],
    ['not-started', { stream: newStream('d', 'stopped') }],
    ['complete', { status: status(null, true) }],
    ['complete', { file: { ...FILE, localBytes: 1000, standalone: true } }],
    [
      'waiting-for-source',
      { status: status({}), waiting: { reads: 2, failure: failure('source-unreachable') } },
    ],
    ['waiting-for-source', { openFailure: failure('not-found') }],
    ['source-changed', { openFailure: failure('source-changed') }],
    ['failed', { status: status({ paused: true, ioStatus: 'nospace' }) }],
    ['failed', { stream: { ...newStream('d', 'running'), failure: failure('io') } }],
    ['failed', { file: { ...FILE, localBytes: null, problem: failure('not-found') } }],
  ])('is %s', (state, over) => {
    expect(view(over).state).toBe(state);
  });

  it('has a rate and a time to go only while it streams', () => {
    expect(view({ status: status({}) })).toMatchObject({ rate: 100, etaMs: 5000 });
    expect(view({ status: status({ paused: true }) })).toMatchObject({ rate: 0, etaMs: null });
  });

  it('has everything local, and no failure, once it is complete', () => {
    const complete = view({ status: status(null, true), openFailure: failure('io') });
    expect(complete).toMatchObject({ localBytes: 1000, failure: null });
  });

  it('has local what was counted, or more as soon as its job knows of it', () => {
    expect(view({ status: status({ offset: 400 }) }).localBytes).toBe(500);
    expect(view({ status: status({ offset: 600 }) }).localBytes).toBe(600);
    expect(
      view({ status: status({ offset: 600 }), file: { ...FILE, localBytes: null } }).localBytes,
    ).toBeNull();
  });

  it('tells what holds it up only while it stands still', () => {
    expect(view({ heldBy: 'turn' }).heldBy).toBe('turn');
    expect(
      view({ heldBy: 'metered', stream: { ...newStream('d', 'running'), failure: failure('io') } }),
    ).toMatchObject({
      state: 'failed',
      heldBy: null,
    });
  });

  it('knows what a start still needs, unless it is linked and leaves that where it is', () => {
    const boot = { ranges: [{ offset: 0, length: 300 }], bytes: 300 };
    const file = { ...FILE, bootMissingBytes: 100 };
    expect(view({ boot, file }).boot).toEqual({ bytes: 300, missingBytes: 100 });
    expect(view({ boot }).boot).toEqual({ bytes: 300, missingBytes: null });
    expect(view({ boot, file, status: status(null, true) }).boot).toEqual({ bytes: 300, missingBytes: 0 });
    expect(view({ boot, file, row: { ...ROW, kind: 'linked' } }).boot).toBeNull();
  });

  it('has its own limit, or the default', () => {
    expect(view({ limit: 7 })).toMatchObject({ limit: 7, ownLimit: null });
    const own = { ...newStream('d', 'running'), limit: 0 };
    expect(view({ limit: 0, stream: own })).toMatchObject({ limit: 0, ownLimit: 0 });
  });

  it('tells what to do where there is no room', () => {
    const full = view({ status: status({ paused: true, ioStatus: 'nospace' }) });
    expect(full.failure?.message).toContain('make some, then resume');
  });

  it('has a boot pack to wait for while that is on its way', () => {
    const withPack = (phase: 'idle' | 'coming' | 'waiting' | 'here' | 'gone', standalone = false) =>
      view({
        status: { ...status({}, standalone), bootPack: { phase, storedBytes: 3, lengthBytes: 10 } },
      }).bootPack;
    expect(withPack('coming')).toEqual({ hereBytes: 3, totalBytes: 10, waiting: false });
    expect(withPack('waiting')).toEqual({ hereBytes: 3, totalBytes: 10, waiting: true });
    for (const phase of ['idle', 'here', 'gone'] as const) expect(withPack(phase)).toBeNull();
    expect(withPack('coming', true)).toBeNull();
  });
});

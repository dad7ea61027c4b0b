import { describe, expect, it } from 'vitest';
import { diskViewSchema } from '../../../shared/ipc/machines.ts';
import type { Failure } from '../../../shared/result.ts';
import { newStream } from '../../catalog/tables/streams.ts';
import type { DiskStatus } from '../../storage/disk/open-disk.ts';
import type { StreamJobInfo } from '../../streaming/job/stream-job.ts';
import { diskView, type DiskKnowledge } from './disk-view.ts';

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

function status(job: Partial<StreamJobInfo> | null, standalone = false): DiskStatus {
  return {
    lengthBytes: 1000,
    standalone,
    flags: { copyOnRead: true, stream: true },
    contentStamp: null,
    guest: { reads: 0, readBytes: 0, missedReads: 0, writes: 0, writtenBytes: 0 },
    job: job === null ? null : { ...JOB, ...job },
    jobs: [],
  };
}

function view(over: Partial<DiskKnowledge> = {}) {
  const shown = diskView({
    row: {
      id: 'd',
      machineId: 'm',
      masterId: null,
      kind: 'standalone',
      path: '/d.qed',
      lengthBytes: 1000,
      createdMs: 1,
    },
    stream: newStream('d', 'running'),
    masters: [],
    file: { localBytes: 500, standalone: false, fileBytes: 700, problem: null },
    status: null,
    waiting: null,
    openFailure: null,
    limit: 0,
    heldBack: false,
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
    ['paused', { heldBack: true }],
    ['not-started', { stream: newStream('d', 'stopped') }],
    ['complete', { status: status(null, true) }],
    ['complete', { file: { localBytes: 1000, standalone: true, fileBytes: 1, problem: null } }],
    [
      'waiting-for-source',
      { status: status({}), waiting: { reads: 2, failure: failure('source-unreachable') } },
    ],
    ['waiting-for-source', { openFailure: failure('not-found') }],
    ['source-changed', { openFailure: failure('source-changed') }],
    ['failed', { status: status({ paused: true, ioStatus: 'nospace' }) }],
    ['failed', { stream: { ...newStream('d', 'running'), failure: failure('io') } }],
    [
      'failed',
      { file: { localBytes: null, standalone: false, fileBytes: 0, problem: failure('not-found') } },
    ],
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

  it('tells what to do where there is no room', () => {
    const full = view({ status: status({ paused: true, ioStatus: 'nospace' }) });
    expect(full.failure?.message).toContain('make some, then resume');
  });
});

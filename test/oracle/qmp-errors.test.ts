/** iotest 030's cases of failing streams, played to QEMU and to us: reading the same base fails at the same time. */
import { describe, expect, it } from 'vitest';
import { play, type Step } from './qmp-play.ts';
import { DEVICE, startTwins, type BaseError } from './qmp-twins.ts';

const stream = (onError: string, given: object = {}): Step => [
  'block-stream',
  { device: DEVICE, 'on-error': onError, ...given },
];
const reaches = (state: string): Step => ({ job: DEVICE, reaches: state });

const SCRIPTS: Readonly<Record<string, readonly [BaseError, readonly Step[]]>> = {
  'test_report: the job ends where it failed': [
    'EIO',
    [{ base: 'fails' }, stream('report'), reaches('null'), ['query-block-jobs'], ['query-status']],
  ],
  'and can be done again once the base can be read': [
    'EIO',
    [
      { base: 'fails' },
      stream('report'),
      reaches('null'),
      { base: 'works' },
      stream('report'),
      reaches('null'),
    ],
  ],
  'test_report: kept until it is dismissed, it tells why': [
    'EIO',
    [
      { base: 'fails' },
      stream('report', { 'auto-dismiss': false }),
      reaches('concluded'),
      ['query-jobs'],
      ['job-dismiss', { id: DEVICE }],
    ],
  ],
  'test_ignore: the job goes on, and ends with the error': [
    'EIO',
    [{ base: 'fails' }, stream('ignore'), reaches('null'), ['query-block-jobs']],
  ],
  'test_stop: the job stands still until it is resumed, and then completes': [
    'EIO',
    [
      { base: 'fails' },
      stream('stop'),
      reaches('paused'),
      ['query-block-jobs'],
      ['block-job-pause', { device: DEVICE }],
      { base: 'works' },
      ['block-job-resume', { device: DEVICE }],
      reaches('null'),
      ['query-block-jobs'],
    ],
  ],
  'test_stop: it is cancelled by force while it stands still': [
    'EIO',
    [
      { base: 'fails' },
      stream('stop'),
      reaches('paused'),
      ['block-job-cancel', { device: DEVICE }],
      ['block-job-set-speed', { device: DEVICE, speed: 1024 }],
      ['block-job-cancel', { device: DEVICE, force: true }],
      reaches('null'),
    ],
  ],
  'test_stop: resumed too early, it stands still again': [
    'EIO',
    [
      { base: 'fails' },
      stream('stop'),
      reaches('paused'),
      ['block-job-resume', { device: DEVICE }],
      { job: DEVICE, reaches: 'paused', times: 2 },
    ],
  ],
  'test_enospc: an error of another kind is reported': [
    'EIO',
    [{ base: 'fails' }, stream('enospc'), reaches('null')],
  ],
  'TestENOSPC: no space stops the job until there is some': [
    'ENOSPC',
    [
      { base: 'fails' },
      stream('enospc'),
      reaches('paused'),
      ['query-block-jobs'],
      { base: 'works' },
      ['block-job-resume', { device: DEVICE }],
      reaches('null'),
    ],
  ],
  'TestENOSPC: so does auto': [
    'ENOSPC',
    [{ base: 'fails' }, stream('auto'), reaches('paused'), ['job-cancel', { id: DEVICE }], reaches('null')],
  ],
};

/**
 * What is said of the job. Where several requests in a row fail, each tells it: how many they are is a matter of their
 * length. When the guest, which boots from the same disk, meets the failing base is a matter of time.
 */
function ofTheJob({ answers, events }: Awaited<ReturnType<typeof play>>) {
  const texts = events.map((event) => JSON.stringify(event));
  const ofJobs = texts.filter((text) => !/"(BLOCK_IO_ERROR|STOP|RESUME)"/.test(text));
  return { answers, events: ofJobs.filter((text, index) => text !== ofJobs[index - 1]) };
}

describe('a stream whose base cannot be read, asked the same as QEMU', () => {
  it.each(Object.entries(SCRIPTS))('%s', async (_, [error, steps]) => {
    const { qemu, ours } = await startTwins(error);
    const theirs = ofTheJob(await play(qemu, steps));
    expect(ofTheJob(await play(ours, steps))).toEqual(theirs);
    expect(theirs.events.length).toBeGreaterThan(2);
  });
});

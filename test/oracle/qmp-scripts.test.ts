import { describe, expect, it } from 'vitest';
import { play, type Step } from './qmp-play.ts';
import { DEVICE, startTwins, type Twin } from './qmp-twins.ts';

const stream = (given: object = {}): Step => ['block-stream', { device: DEVICE, ...given }];
const gone = (job = DEVICE): Step => ({ job, reaches: 'null' });
const slow = { speed: 1024 };

/** Requests that QEMU and Headwater are to answer in the same way, and the events they are to tell meanwhile. */
const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  'looking at a machine and its disk': [
    ['query-status'],
    ['query-name'],
    ['query-block'],
    ['query-named-block-nodes'],
    ['query-named-block-nodes', { flat: true }],
    ['query-block-jobs'],
    ['query-jobs'],
  ],
  'a machine that stands still, goes on, and is reset': [
    ['stop'],
    ['query-status'],
    ['stop'],
    ['cont'],
    ['query-status'],
    ['cont'],
    ['system_reset'],
    ['system_powerdown'],
  ],
  'a stream to the end': [stream(), gone(), ['query-block'], ['query-block-jobs'], stream(), gone()],
  'a stream down to a base': [
    stream({ base: 'base.raw', 'job-id': 'down', 'backing-file': 'base.raw' }),
    gone('down'),
    ['query-block'],
    ['query-named-block-nodes', { flat: true }],
  ],
  'a stream down to a base, by node': [stream({ 'base-node': 'node2' }), gone(), ['query-block']],
  'a stream down to a bottom': [stream({ bottom: 'node1' }), gone(), ['query-block']],
  'a stream with base and base node the same': [stream({ 'base-node': 'node1' }), gone(), ['query-jobs']],
  'a stream into an image further down': [
    ['block-stream', { device: 'node1', 'job-id': 'mid' }],
    gone('mid'),
    ['query-block'],
  ],
  'a job that is finalized and dismissed by hand': [
    stream({ 'job-id': 'j', 'auto-finalize': false, 'auto-dismiss': false }),
    { job: 'j', reaches: 'pending' },
    ['query-jobs'],
    ['query-block-jobs'],
    ['job-pause', { id: 'j' }],
    ['job-dismiss', { id: 'j' }],
    ['block-job-set-speed', { device: 'j', speed: 1 }],
    ['block-job-finalize', { id: 'j' }],
    { job: 'j', reaches: 'concluded' },
    ['query-jobs'],
    ['query-block-jobs'],
    ['job-finalize', { id: 'j' }],
    ['block-job-cancel', { device: 'j' }],
    ['job-dismiss', { id: 'j' }],
    gone('j'),
    ['job-dismiss', { id: 'j' }],
  ],
  'a job that waits to be finalized and is cancelled': [
    stream({ 'auto-finalize': false }),
    { job: DEVICE, reaches: 'pending' },
    ['job-cancel', { id: DEVICE }],
    gone(),
  ],
  'a job that is paused, resumed and cancelled': [
    stream(slow),
    ['block-job-pause', { device: DEVICE }],
    { job: DEVICE, reaches: 'paused' },
    ['query-block-jobs'],
    ['query-jobs'],
    ['block-job-pause', { device: DEVICE }],
    ['job-pause', { id: DEVICE }],
    ['block-job-cancel', { device: DEVICE }],
    ['block-job-complete', { device: DEVICE }],
    ['job-complete', { id: DEVICE }],
    ['job-finalize', { id: DEVICE }],
    ['job-dismiss', { id: DEVICE }],
    ['job-resume', { id: DEVICE }],
    ['job-resume', { id: DEVICE }],
    ['block-job-resume', { device: DEVICE }],
    ['block-job-cancel', { device: DEVICE }],
    gone(),
    ['query-block'],
  ],
  'a paused job that is cancelled by force': [
    stream({ ...slow, 'job-id': 'j2' }),
    ['block-job-pause', { device: 'j2' }],
    { job: 'j2', reaches: 'paused' },
    ['block-job-cancel', { device: 'j2', force: true }],
    gone('j2'),
  ],
  'a paused job that is cancelled by its newer name': [
    stream(slow),
    ['job-pause', { id: DEVICE }],
    { job: DEVICE, reaches: 'paused' },
    ['job-cancel', { id: DEVICE }],
    gone(),
  ],
  speeds: [
    stream(slow),
    ['block-job-set-speed', { device: DEVICE, speed: -1 }],
    ['block-job-set-speed', { device: DEVICE, speed: 2048 }],
    ['query-block-jobs'],
    ['block-job-set-speed', { device: DEVICE }],
    ['block-job-set-speed', { device: DEVICE, speed: '1' }],
    ['block-job-set-speed', { device: DEVICE, speed: 0 }],
    gone(),
    stream({ speed: -5 }),
  ],
  'jobs that get in the way of others': [
    stream({ ...slow, 'job-id': 'first', 'filter-node-name': 'filter' }),
    stream(),
    stream({ 'job-id': 'other' }),
    ['block-stream', { device: 'node0', 'job-id': 'other' }],
    ['block-stream', { device: 'node1', 'job-id': 'other' }],
    ['job-cancel', { id: 'first' }],
    gone('first'),
  ],
  'jobs that are not there': ['cancel', 'pause', 'resume', 'complete']
    .map((verb): Step => [`block-job-${verb}`, { device: 'none' }])
    .concat(
      ['finalize', 'dismiss'].map((verb): Step => [`block-job-${verb}`, { id: 'none' }]),
      ['pause', 'resume', 'cancel', 'complete', 'finalize', 'dismiss'].map((verb): Step => [
        `job-${verb}`,
        { id: 'none' },
      ]),
      [['block-job-set-speed', { device: 'none', speed: 0 }]],
    ),
  'arguments that are missing, unknown or of a wrong kind': [
    ['block-stream'],
    ['block-stream', { device: 1 }],
    ['block-stream', { device: null }],
    ['block-stream', { device: [] }],
    ['block-stream', { device: 'nowhere' }],
    stream({ x: 1 }),
    stream({ speed: '1' }),
    stream({ speed: 1.5 }),
    stream({ speed: 1e30 }),
    stream({ 'on-error': 'zzz' }),
    stream({ 'on-error': 3 }),
    stream({ 'auto-finalize': 'yes' }),
    stream({ 'auto-dismiss': 0, x: 1 }),
    stream({ 'job-id': '1bad' }),
    stream({ 'job-id': '' }),
    stream({ 'job-id': {} }),
    stream({ base: 'a', 'base-node': 'b' }),
    stream({ base: 'a', bottom: 'b' }),
    stream({ bottom: 'a', 'base-node': 'b' }),
    stream({ base: 'a' }),
    stream({ 'base-node': 'a' }),
    stream({ 'base-node': 'node0' }),
    stream({ bottom: 'a' }),
    stream({ 'backing-file': 'a' }),
    stream({ 'filter-node-name': '1bad' }),
    stream({ 'filter-node-name': 'node1' }),
    ['block-stream', { device: 'node1' }],
    ['qmp_capabilities', { enable: 'oob' }],
    ['qmp_capabilities', { enable: ['zzz'] }],
    ['qmp_capabilities', { enable: [3] }],
    ['qmp_capabilities'],
    ['query-status', { a: 1 }],
    ['query-commands', { a: 1 }],
    ['block-job-cancel', { device: 'x', force: 1 }],
    ['job-cancel', {}],
    ['job-cancel', { device: 'x' }],
    ['nothing-of-the-kind', { device: 'x' }],
  ],
};

describe('a monitor, asked the same as QEMU', () => {
  it.each(Object.entries(SCRIPTS))('%s', async (_, steps) => {
    const { qemu, ours } = await startTwins();
    const theirs = await play(qemu, steps);
    expect(await play(ours, steps)).toEqual(theirs);
  });

  it('quits: tells why, answers, and is gone', async () => {
    for (const twin of Object.values(await startTwins())) {
      expect(await twin.client.ask('quit')).toMatchObject({ return: {} });
      expect(await twin.client.event('SHUTDOWN')).toMatchObject({
        data: { guest: false, reason: 'host-qmp-quit' },
      });
      await twin.over;
    }
  });

  it('offers only commands that QEMU has, and those of 2011', async () => {
    const { qemu, ours } = await startTwins();
    const names = async ({ client }: Twin) => {
      const { return: list } = await client.ask('query-commands');
      return (list as { name: string }[]).map(({ name }) => name);
    };
    const known = new Set(await names(qemu));
    const own = (await names(ours)).filter((name) => !known.has(name));
    expect(own.sort()).toEqual(['block_job_cancel', 'block_job_set_speed', 'block_stream']);
  });

  it('greets and tells its version as QEMU does', async () => {
    const { qemu, ours } = await startTwins();
    const [theirs, greeting] = [qemu.client.lines[0], ours.client.lines[0]];
    expect(greeting).toEqual({
      QMP: {
        version: { qemu: { major: 7, minor: 2, micro: 0 }, package: 'Headwater 0.1.0' },
        capabilities: [],
      },
    });
    expect(theirs).toMatchObject({ QMP: { version: { qemu: { major: 7 } } } });
    const { QMP } = greeting as { QMP: { version: unknown } };
    expect(await ours.client.ask('query-version')).toMatchObject({ return: QMP.version });
  });
});

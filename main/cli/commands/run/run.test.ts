import { afterEach, describe, expect, it, vi } from 'vitest';
import { DONE, err, unwrap } from '../../../../shared/result.ts';
import { MIB } from '../../../../shared/units.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { SimulatedClock } from '../../../../test/support/simulated-clock.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { Emitter } from '../../../../shared/emitter.ts';
import type { DiskWait, MachineEvents } from '../../../machines/machine.ts';
import { EXIT } from '../../terminal.ts';
import { readCommandLine } from '../../arguments/command.ts';
import { RUN } from './arguments.ts';
import { ConsoleNotes } from './console-notes.ts';
import { runCommand } from './index.ts';
import { tryAgain } from './try-again.ts';

afterEach(() => void vi.unstubAllEnvs());

const FULL = err('no-space', 'Could not write: No space left on device').failure;
const GONE = err('source-unreachable', 'the server refuses connections').failure;
const STUCK: DiskWait = {
  operation: 'write',
  offset: 0,
  length: 512,
  waitedMs: 0,
  failure: FULL,
  retries: 'on-resume',
};

describe('the arguments of headwater run', () => {
  const parse = (...args: string[]) => unwrap(readCommandLine(RUN, args));

  it('are an appliance, and how to run it', () => {
    expect(parse('tiny-linux')).toEqual({
      appliance: 'tiny-linux',
      overlay: null,
      boot: false,
      fresh: false,
      memoryMiB: null,
      stream: 'image',
      link: null,
      qmpSocket: null,
      backEnd: 'automatic',
      forwards: [],
      accelerate: true,
    });
    const given = [
      '-d',
      'x.qed',
      '--boot',
      '--fresh',
      '-m128',
      '--stream=off',
      '--link',
      '20mbit,30ms',
      '--qmp',
      'q',
      '--backend=qemu',
      '--accel=off',
      '--forward',
      'tcp:2222:22',
      '--forward=udp:53:53',
    ];
    expect(parse(...given, 'a')).toEqual({
      appliance: 'a',
      overlay: 'x.qed',
      boot: true,
      fresh: true,
      memoryMiB: 128,
      stream: 'off',
      link: { bitsPerSecond: 20e6, roundTripMs: 30 },
      qmpSocket: 'q',
      backEnd: 'qemu',
      forwards: [
        { protocol: 'tcp', hostPort: 2222, guestPort: 22 },
        { protocol: 'udp', hostPort: 53, guestPort: 53 },
      ],
      accelerate: false,
    });
    expect(parse('--help', 'nonsense', 'more')).toBeNull();
  });

  it.each([
    [[], 'give one appliance to run'],
    [['a', 'b'], 'give one appliance to run'],
    [['-m', '15', 'a'], '--memory takes a whole number of MiB from 16 to 65536'],
    [['-m', '1e3.5', 'a'], '--memory takes'],
    [['--stream', 'maybe', 'a'], '--stream takes on or off'],
    [['--backend', 'xen', 'a'], '--backend takes v86 or qemu'],
    [['--accel', 'kvm', 'a'], '--accel takes on or off'],
    [['--forward', '22', 'a'], "--forward: '22' is no port to forward"],
    [['--forward', '1:2', '--forward', '1:3', 'a'], '--forward: tcp port 1 is forwarded twice'],
    [['--link', 'fast', 'a'], "link 'fast'"],
    [['--what', 'a'], "unrecognized option '--what'"],
  ])('are refused: %j', async (args, message) => {
    const terminal = new FakeTerminal();
    expect(await runCommand.run(args, terminal)).toBe(EXIT.misused);
    expect(terminal.stderr).toMatch(/^headwater run: .*\n$/);
    expect(terminal.stderr).toContain(message);
    expect(terminal.stdout).toBe('');
  });

  it('are told by --help', async () => {
    const terminal = new FakeTerminal();
    expect(await runCommand.run(['--help'], terminal)).toBe(0);
    expect(terminal.stdout).toContain('usage: headwater run [OPTIONS] APPLIANCE');
  });

  it('must name an appliance there is', async () => {
    // What the user of this computer has in the catalog is none of a test's business.
    vi.stubEnv('XDG_DATA_HOME', tempFolder());
    const terminal = new FakeTerminal();
    expect(await runCommand.run(['no-such'], terminal)).toBe(1);
    expect(terminal.stderr).toMatch(/^headwater run: There is no appliance 'no-such'; .*\n$/);
  });
});

describe('notes on the console', () => {
  function notes(): { told: string[]; notes: ConsoleNotes } {
    const told: string[] = [];
    return { told, notes: new ConsoleNotes((text) => told.push(text)) };
  }

  it('tell once that the guest waits for data, and once that it has it', () => {
    const { told, notes: hearing } = notes();
    for (const reads of [1, 2, 2]) hearing.hear({ kind: 'waiting', waiting: { reads, failure: GONE } });
    hearing.hear({ kind: 'waiting', waiting: null });
    hearing.hear({ kind: 'waiting', waiting: null });
    hearing.hear({ kind: 'waiting', waiting: { reads: 1, failure: GONE } });
    expect(told).toEqual([
      'waiting for data: the server refuses connections',
      'the data is there, the guest goes on',
      'waiting for data: the server refuses connections',
    ]);
  });

  it('do not repeat that the disk is full', () => {
    const { told, notes: hearing } = notes();
    for (let i = 0; i < 3; i++) hearing.hear({ kind: 'store-failed', failure: FULL });
    hearing.hear({ kind: 'store-failed', failure: err('io', 'the disk broke').failure });
    expect(told).toHaveLength(2);
  });

  it('tell that the guest stands still, and that it goes on', () => {
    const { told, notes: hearing } = notes();
    hearing.hearMachine({ ...STUCK, failure: undefined });
    hearing.hearMachine(STUCK);
    hearing.hearMachine({ ...STUCK, waitedMs: 5000 });
    hearing.hearMachine(null);
    hearing.hearMachine({ ...STUCK, operation: 'read', failure: GONE, retries: 'by-itself' });
    expect(told).toEqual([
      `the guest stands still: ${FULL.message}; mend it, it is tried again every few seconds`,
      'stored; the guest goes on',
    ]);
  });

  it('tell how streaming ended', () => {
    const { told, notes: hearing } = notes();
    const data = { type: 'stream', device: 'stream', len: 256 * MIB, offset: 0, speed: 0 } as const;
    hearing.hear({ kind: 'job', event: { event: 'BLOCK_JOB_COMPLETED', data } });
    hearing.hear({ kind: 'job', event: { event: 'BLOCK_JOB_COMPLETED', data: { ...data, error: 'broke' } } });
    hearing.hear({ kind: 'job', event: { event: 'BLOCK_JOB_CANCELLED', data } });
    expect(told).toEqual(['all 256 MiB are local now', 'streaming failed: broke']);
  });
});

describe('a machine that stands still at a terminal', () => {
  it('is resumed every few seconds until it goes on or is left', async () => {
    const clock = new SimulatedClock();
    const events = new Emitter<MachineEvents>();
    let resumed = 0;
    const machine = {
      wait: null as DiskWait | null,
      on: events.on.bind(events),
      resume: async () => {
        resumed++;
        return DONE;
      },
    };
    const enter = (wait: DiskWait | null) => {
      machine.wait = wait;
      events.emit('wait', wait);
    };
    const stop = tryAgain(machine, clock);
    enter({ ...STUCK, retries: 'by-itself' });
    await clock.advance(60_000);
    expect(resumed).toBe(0);
    enter(STUCK);
    enter({ ...STUCK, waitedMs: 1000 });
    await clock.advance(17_000);
    expect(resumed).toBe(3);
    enter(null);
    await clock.advance(60_000);
    expect(resumed).toBe(3);
    enter(STUCK);
    stop();
    await clock.advance(60_000);
    expect(resumed).toBe(3);
  });
});

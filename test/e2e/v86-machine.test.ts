import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DONE, err, unwrap, type Err } from '../../shared/result.ts';
import { MIB, SECTOR_BYTES } from '../../shared/units.ts';
import type { MachineState } from '../../main/machines/machine.ts';
import type { V86MachineOptions } from '../../main/machines/v86/options.ts';
import {
  applianceDisk,
  buildV86Worker,
  setUpMachine,
  type Workbench,
  tourChecksum,
} from '../support/v86-workbench.ts';

let workerScript: string;
let current: Workbench | undefined;

beforeAll(async () => {
  workerScript = await buildV86Worker();
});

afterAll(() => {
  rmSync(workerScript, { force: true });
});

afterEach(async () => {
  await current?.machine.kill();
  current = undefined;
});

function machineFor(appliance: string, options: Partial<V86MachineOptions> = {}): Workbench {
  current = setUpMachine(applianceDisk(appliance), { workerScript, ...options });
  return current;
}

const PROMPT = 'tour> ';
const byDisk = (state: MachineState) => state.kind === 'paused' && state.by === 'disk';
const running = ({ kind }: MachineState) => kind === 'running';
const stopped = ({ kind }: MachineState) => kind === 'stopped';
const UNREACHABLE = err('source-unreachable', 'The server does not answer');

/** Types a key and returns what Disk Tour says up to its next prompt. */
async function press({ machine, console }: Workbench, key: string): Promise<string> {
  machine.sendSerial(key);
  return unwrap(await console.waitFor(PROMPT));
}

describe('Disk Tour in a v86 machine', () => {
  it('reads the whole disk as it is', async () => {
    const { machine, disk, console } = machineFor('disk-tour');
    unwrap(await machine.start());
    const said = unwrap(await console.waitFor(PROMPT));
    expect(said).toContain(`checksum ${tourChecksum(disk.bytes)}`);
    expect(machine.progress.readBytes).toBeGreaterThan(0);
  });

  it('writes, reads back what it wrote, and finds it after a stop', async () => {
    const bench = machineFor('disk-tour');
    unwrap(await bench.machine.start());
    unwrap(await bench.console.waitFor(PROMPT));
    expect(await press(bench, 'f')).toMatch(/wrong words 00000000/);
    const before = /counter ([0-9a-f]{8}) written/.exec(await press(bench, 'w'))?.[1] ?? '';
    unwrap(await bench.machine.stop());
    expect(bench.disk.log.at(-1)).toBe('flush');

    unwrap(await bench.machine.start());
    const said = unwrap(await bench.console.waitFor(PROMPT));
    expect(said).toContain(`checksum ${tourChecksum(bench.disk.bytes)}`);
    const after = (Number.parseInt(before, 16) + 1).toString(16).padStart(8, '0');
    expect(await press(bench, 'w')).toContain(`counter ${after} written`);
  });

  it('stands still while it is paused', async () => {
    const bench = machineFor('disk-tour');
    unwrap(await bench.machine.start());
    unwrap(await bench.console.waitFor(PROMPT));
    unwrap(await bench.machine.pause());
    // What was counted before the pause may be told after it.
    const standsStill = async () => {
      const { instructions } = bench.machine.progress;
      await new Promise((resolve) => setTimeout(resolve, 600));
      return bench.machine.progress.instructions === instructions;
    };
    await expect.poll(standsStill, { timeout: 60_000 }).toBe(true);
    bench.machine.sendSerial('w');
    expect(await standsStill()).toBe(true);
    expect(bench.disk.log.some((line) => line.startsWith('write'))).toBe(false);
    unwrap(await bench.machine.resume());
    expect(unwrap(await bench.console.waitFor(PROMPT))).toContain('written');
  });

  it('does not notice that its disk stalls', async () => {
    const bench = machineFor('disk-tour', { stall: { noticeMs: 100, pauseMs: 300 } });
    const { machine, disk, console, reached } = bench;
    unwrap(await machine.start());
    unwrap(await console.waitFor('.'));
    disk.hold('read');
    await reached(byDisk);
    expect(machine.wait).toMatchObject({ operation: 'read', retries: 'by-itself' });
    disk.release('read');
    await reached(running);
    expect(unwrap(await console.waitFor(PROMPT))).toContain(`checksum ${tourChecksum(disk.bytes)}`);
  });

  it('does not notice that reads fail for a while', async () => {
    const { machine, disk, console, reached } = machineFor('disk-tour');
    unwrap(await machine.start());
    unwrap(await console.waitFor('.'));
    disk.fail('read', ...Array<Err>(3).fill(UNREACHABLE));
    await reached(byDisk);
    expect(machine.wait?.failure?.code).toBe('source-unreachable');
    const said = unwrap(await console.waitFor(PROMPT));
    expect(said).toContain(`checksum ${tourChecksum(disk.bytes)}`);
  });

  it('loses no write that could not be stored at first', async () => {
    const { machine, disk, console, reached } = machineFor('disk-tour');
    unwrap(await machine.start());
    unwrap(await console.waitFor(PROMPT));
    disk.fail('write', err('no-space', 'The disk is full'), err('no-space', 'The disk is full'));
    machine.sendSerial('w');
    await reached(byDisk);
    expect(machine.wait).toMatchObject({ operation: 'write', retries: 'on-resume' });
    expect(await machine.stop()).toMatchObject({ ok: false, failure: { code: 'no-space' } });
    unwrap(await machine.resume());
    expect(unwrap(await console.waitFor(PROMPT))).toContain('written');
    expect(disk.bytes.subarray(-SECTOR_BYTES).some((byte) => byte !== 0)).toBe(true);
  });

  it('is ended at once by kill, and the disk is flushed even so', async () => {
    const { machine, disk, console, services } = machineFor('disk-tour');
    unwrap(await machine.start());
    unwrap(await console.waitFor('.'));
    disk.hold('read');
    await machine.kill();
    expect(machine.state).toEqual({ kind: 'stopped', why: 'killed' });
    disk.release('read');
    expect(await services[0]?.ended).toEqual(DONE);
    expect(disk.log.at(-1)).toBe('flush');
  });

  it('stops when the guest halts', async () => {
    const { machine, console, reached } = machineFor('disk-tour');
    unwrap(await machine.start());
    unwrap(await console.waitFor(PROMPT));
    machine.sendSerial('h');
    expect(await reached(stopped)).toEqual({ kind: 'stopped', why: 'guest-halted' });
  });

  it.each(['reset', 'powerButton'] as const)('boots again after %s', async (command) => {
    const { machine, console } = machineFor('disk-tour');
    unwrap(await machine.start());
    unwrap(await console.waitFor(PROMPT));
    unwrap(await machine[command]());
    unwrap(await console.waitFor('Disk tour ready'));
    unwrap(await console.waitFor(PROMPT));
  });
});

describe('Tiny Linux in a v86 machine', () => {
  it('keeps what it synced through a stalled disk and a kill', async () => {
    const { machine, disk, console, services } = machineFor('tiny-linux');
    unwrap(await machine.start());
    unwrap(await console.login('root'));

    // Linux resets a disk that does not answer for 30 s.
    const evict = 'sync; echo 3 > /proc/sys/vm/drop_caches';
    unwrap(await console.run(evict));
    disk.hold('read');
    const reading = console.run('find / -xdev -type f | wc -l');
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    expect(byDisk(machine.state)).toBe(true);
    disk.release('read');
    expect(unwrap(await reading).status).toBe(0);
    const complaints = 'dmesg | grep -E "lost interrupt|failed command|I/O error|soft lockup|reset"';
    expect(unwrap(await console.run(complaints))).toEqual({ output: '', status: 1 });

    const flushes = disk.log.filter((line) => line === 'flush').length;
    const written = await console.run('echo kept > /root/note; sync /root /root/note; cat /root/note');
    expect(unwrap(written)).toEqual({ output: 'kept\n', status: 0 });
    const durable = disk.bytes.slice();
    expect(disk.log.filter((line) => line === 'flush').length).toBeGreaterThan(flushes);
    await machine.kill();
    unwrap((await services[0]?.ended) ?? DONE);
    expect(contentOf(durable, '/root/note')).toBe('kept\n');
  });
});

/** Reads a file of the first partition, which begins at 1 MiB, after replaying its journal; it must be sound. */
function contentOf(disk: Uint8Array, file: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'headwater-'));
  const partition = path.join(folder, 'partition');
  try {
    writeFileSync(partition, disk.subarray(MIB));
    execFileSync('e2fsck', ['-p', partition], { stdio: 'ignore' });
    execFileSync('e2fsck', ['-fn', partition], { stdio: 'ignore' });
    return execFileSync('debugfs', ['-R', `cat ${file}`, partition], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

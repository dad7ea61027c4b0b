import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { DONE, err, ok, unwrap } from '../../shared/result.ts';
import { QemuHost } from '../../main/machines/qemu/host.ts';
import { makeQemuMachine } from '../../main/machines/qemu/make-machine.ts';
import type { QemuDisk } from '../../main/machines/qemu/options.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import type { MachineState } from '../../main/machines/machine.ts';
import { NbdServer } from '../../main/nbd/server.ts';
import type { DiskStatus } from '../../main/storage/disk/open-disk.ts';
import { ScriptedDisk } from '../support/scripted-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { applianceDisk } from '../support/v86-workbench.ts';

const FULL = err('no-space', 'the disk is full');
const BROKEN = err('io', 'the disk is broken');

const STATUS: DiskStatus = {
  lengthBytes: 0,
  standalone: true,
  flags: { copyOnRead: false, stream: false },
  contentStamp: null,
  guest: { reads: 0, readBytes: 0, missedReads: 0, readMs: 0, writes: 0, writtenBytes: 0 },
  waiting: null,
  bootPack: null,
  mirrors: [],
  job: null,
  jobs: [],
};

/** A disk that a test can fail, served as the thread of a real one does it. */
function served(disk: ScriptedDisk): QemuDisk {
  const servers: NbdServer[] = [];
  return {
    serveNbd: async ({ address, exportName = '' }) => {
      const server = new NbdServer({ clock: systemClock });
      servers.push(server);
      unwrap(server.add({ name: exportName, device: disk }));
      return ok({ id: servers.length, address: unwrap(await server.listen(address)) });
    },
    stopNbd: async (id) => {
      await servers[id - 1]?.close();
      return DONE;
    },
    flush: () => disk.flush(),
    status: async () => ok(STATUS),
  };
}

/** Disk Tour, whose guest reads its whole disk, and writes one sector when it is told to. */
async function start() {
  const image = applianceDisk('disk-tour');
  const disk = new ScriptedDisk(image.length);
  disk.bytes.set(image);
  const wishes = {
    ...({ name: 'guest', arch: 'i386', memoryMiB: 32, diskBus: 'virtio', forwards: [] } as const),
    ...{ cloudId: null, accelerate: true, logFile: path.join(tempFolder(), 'guest.log') },
  };
  const machine = makeQemuMachine(new QemuHost(), wishes, served(disk));
  const console = new SerialConsole(machine, systemClock, { withinMs: 120_000 });
  onTestFinished(async () => {
    console.dispose();
    await machine.kill();
  });
  const states: MachineState[] = [];
  machine.on('state', (state) => states.push(state));
  unwrap(await machine.start());
  unwrap(await console.waitFor('tour> '));
  return { disk, machine, console, states };
}

describe('a guest in QEMU', () => {
  it('stands still for a write that fails, and has not noticed it when that is mended', async () => {
    const { disk, machine, console } = await start();
    disk.fail('write', FULL, FULL);
    machine.sendSerial('w');
    await expect
      .poll(() => machine.state)
      .toMatchObject({
        ...{ kind: 'paused', by: 'disk' },
        wait: { operation: 'write', retries: 'on-resume', failure: { code: 'no-space' } },
      });
    // It is tried again, fails again, and nothing is given up for that.
    unwrap(await machine.resume());
    await expect.poll(() => machine.state).toMatchObject({ kind: 'paused', by: 'disk' });
    expect(await machine.stop()).toMatchObject({ failure: { code: 'no-space' } });
    expect(machine.state).toMatchObject({ kind: 'paused', by: 'disk' });
    unwrap(await machine.resume());
    unwrap(await console.waitFor('counter 00000001 written'));
    expect(machine.wait).toBeNull();
    unwrap(await machine.stop());
  });

  it('stands still for a read that fails, and goes on by itself', async () => {
    const { disk, machine, console, states } = await start();
    disk.fail('read', BROKEN);
    machine.sendSerial('r');
    unwrap(await console.waitFor('checksum'));
    expect(states).toContainEqual(
      expect.objectContaining({
        by: 'disk',
        wait: expect.objectContaining({ retries: 'by-itself' }) as unknown,
      }),
    );
    expect(machine.state.kind).toBe('running');
  });

  it('can be paused, stopped and killed while its disk does not answer', async () => {
    const { disk, machine } = await start();
    disk.hold('read');
    machine.sendSerial('r');
    await expect.poll(() => disk.waiting('read')).toBeGreaterThan(0);
    unwrap(await machine.pause());
    expect(machine.state).toEqual({ kind: 'paused', by: 'user' });
    unwrap(await machine.stop());
    expect(machine.state).toEqual({ kind: 'stopped', why: 'requested' });
    disk.release('read');
  });

  it('is not switched off while what it wrote cannot be made durable', async () => {
    const { disk, machine } = await start();
    // QEMU's own flush when its guest stops, and ours.
    disk.fail('flush', BROKEN, BROKEN);
    expect(await machine.stop()).toMatchObject({ ok: false });
    expect(machine.state).toMatchObject({ kind: 'paused', by: 'disk', wait: { retries: 'on-resume' } });
    unwrap(await machine.resume());
    unwrap(await machine.stop());
  });
});

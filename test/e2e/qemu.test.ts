import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MachineSession } from '../../main/cli/machine-session.ts';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { STREAM } from '../support/disk-workbench.ts';
import { checkExt, filesIn } from '../support/ext-files.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { inGuest } from '../support/in-guest.ts';
import { boot, farAppliance, inV86, type MakeMachine, type Running } from '../support/machine-workbench.ts';
import { scriptAsQemu } from '../support/pretended-qemu.ts';
import { inQemu, isRunning, qemuOf } from '../support/qemu-machines.ts';
import { tempFolder } from '../support/temp-folder.ts';

async function powerOff(running: Running): Promise<void> {
  running.console.sendLine('poweroff');
  await running.reached(({ kind }) => kind === 'stopped');
  expect(running.session.machine.state).toEqual({ kind: 'stopped', why: 'guest-halted' });
  unwrap(await running.session.close());
}

describe('Tiny Linux in QEMU, on an overlay whose master streams in', () => {
  it('survives losing the master, streams to standalone during use, and finds its files in v86 and back', async () => {
    const far = await farAppliance('tiny-linux', '100mbit,10ms');
    const programs = filesIn(far.appliance.masterPath, '/usr/bin', tempFolder());
    const first = await boot(far, far.chain, 'off', inQemu());
    const { machine, disk } = first.session;
    unwrap(await first.console.waitFor('Loading Tiny Linux'));
    await far.server.drop();
    await first.told.until(({ kind }) => kind === 'waiting');
    // The guest is not stopped: only who reads waits, however long.
    await expect.poll(() => machine.wait).toMatchObject({ operation: 'read', retries: 'by-itself' });
    expect(machine.state.kind).toBe('running');
    unwrap(await far.server.restore());
    unwrap(await disk.startStream(STREAM));
    unwrap(await first.console.login('root'));
    await expect.poll(() => machine.wait).toBeNull();
    expect(await inGuest(first.console, 'ls /dev/vda1')).toBe('/dev/vda1\n');
    // Where DHCP puts a guest of QEMU's own network.
    await inGuest(first.console, 'until ip -4 addr show dev eth0 | grep -q 10.0.2.15; do sleep 0.2; done');
    expect(await inGuest(first.console, 'cat /etc/resolv.conf')).toBe('nameserver 10.0.2.3\n');
    await inGuest(
      first.console,
      'cd /root && dd if=/dev/urandom of=noise bs=64k count=48 2>/dev/null && sha256sum noise > noise.sum && sync',
    );
    await first.told.job('BLOCK_JOB_COMPLETED');
    expect(await inGuest(first.console, 'dmesg | grep -cE "I/O error|EXT4-fs error" || true')).toBe('0\n');
    await expect.poll(() => machine.progress.writtenBytes).toBeGreaterThan(3 * MIB);
    await powerOff(first);
    await far.server.close();

    execFileSync('qemu-img', ['check', '-f', 'qed', far.overlay]);
    const whole = `${far.overlay}.raw`;
    execFileSync('qemu-img', ['convert', '-f', 'qed', '-O', 'raw', far.overlay, whole]);
    expect(checkExt(whole)).toMatchObject({ clean: true });
    expect(filesIn(whole, '/usr/bin', tempFolder())).toEqual(programs);

    const makers: readonly (readonly [string, MakeMachine])[] = [
      ['/dev/sda1', inV86],
      ['/dev/vda1', inQemu()],
    ];
    for (const [device, make] of makers) {
      const again = await boot(far, far.alone, 'image', make);
      unwrap(await again.console.login('root'));
      expect(await inGuest(again.console, `ls ${device} && cd /root && sha256sum -c noise.sum`)).toContain(
        'noise: OK',
      );
      await powerOff(again);
    }
  });
});

describe('a machine in QEMU', () => {
  it('is paused, resumed, reset, and switched off with everything it wrote', async () => {
    const far = await farAppliance('disk-tour', 'off');
    const { session, console } = await boot(far, far.chain, 'image', inQemu());
    const { machine } = session;
    unwrap(await console.waitFor('tour> '));
    unwrap(await machine.pause());
    expect(machine.state).toEqual({ kind: 'paused', by: 'user' });
    unwrap(await machine.resume());
    expect(machine.state.kind).toBe('running');
    machine.sendSerial('w');
    unwrap(await console.waitFor('counter 00000001 written'));
    unwrap(await machine.reset());
    unwrap(await console.waitFor('tour> '));
    unwrap(await machine.stop());
    expect(machine.state).toEqual({ kind: 'stopped', why: 'requested' });
    expect(await machine.save({ file: '/nowhere', contentStamp: '0' })).toMatchObject({
      failure: { code: 'unsupported' },
    });
    unwrap(await machine.start());
    machine.sendSerial('w');
    unwrap(await console.waitFor('counter 00000002 written'));
    unwrap(await machine.kill());
    expect(machine.state).toEqual({ kind: 'stopped', why: 'killed' });
    unwrap(await session.close());
  });

  it('shows its screen, and takes what is typed there', async () => {
    const far = await farAppliance('disk-tour', 'off');
    const { session, console } = await boot(far, far.chain, 'image', inQemu());
    unwrap(await console.waitFor('tour> '));
    const { screen } = session.machine;
    const before = unwrap((await screen?.screenshot()) ?? { ok: true, value: new Uint8Array() });
    expect(Buffer.from(before.subarray(1, 4)).toString()).toBe('PNG');
    expect(unwrap((await screen?.type('w')) ?? { ok: true, value: { left: -1 } })).toEqual({ left: 0 });
    unwrap(await console.waitFor('counter 00000001 written'));
    unwrap(await session.close());
  });

  it('has failed when QEMU is killed, tells where its log is, and starts again with the disk as it was', async () => {
    const far = await farAppliance('disk-tour', 'off');
    const logFile = path.join(tempFolder(), 'tour.log');
    const running = await boot(far, far.chain, 'image', inQemu([], logFile));
    const { session, console } = running;
    const { machine } = session;
    unwrap(await console.waitFor('tour> '));
    machine.sendSerial('w');
    unwrap(await console.waitFor('counter 00000001 written'));
    process.kill(await qemuOf(process.pid), 'SIGKILL');
    const state = await running.reached(({ kind }) => kind === 'failed');
    expect(state).toMatchObject({ failure: { message: expect.stringContaining('SIGKILL') as string } });
    expect(state).toMatchObject({ failure: { message: expect.stringContaining(logFile) as string } });
    unwrap(await machine.start());
    unwrap(await console.waitFor('tour> '));
    machine.sendSerial('w');
    unwrap(await console.waitFor('counter 00000002 written'));
    unwrap(await session.close());
  });

  it('is told of as silent while QEMU does not run, does then what it was told, and can be switched off', async () => {
    const far = await farAppliance('disk-tour', 'off');
    const running = await boot(far, far.chain, 'image', inQemu());
    const { session, console } = running;
    const { machine } = session;
    unwrap(await console.waitFor('tour> '));
    const qemu = await qemuOf(process.pid);
    const silent = { failure: { code: 'busy', words: ['qemu-silent', 'Disk Tour'] } };

    process.kill(qemu, 'SIGSTOP');
    expect(await machine.pause()).toMatchObject(silent);
    expect(machine.state.kind).toBe('running');
    process.kill(qemu, 'SIGCONT');
    await running.reached(({ kind }) => kind === 'paused');
    expect(machine.state).toEqual({ kind: 'paused', by: 'user' });

    process.kill(qemu, 'SIGSTOP');
    const orders = [machine.resume(), machine.powerButton(), machine.reset()];
    expect(await machine.screen?.screenshot()).toMatchObject(silent);
    for (const answer of await Promise.all(orders)) expect(answer).toMatchObject(silent);
    expect(machine.state).toEqual({ kind: 'paused', by: 'user' });
    process.kill(qemu, 'SIGCONT');
    await running.reached(({ kind }) => kind === 'running');
    unwrap(await console.waitFor('tour> '));

    process.kill(qemu, 'SIGSTOP');
    unwrap(await machine.stop());
    expect(machine.state).toEqual({ kind: 'stopped', why: 'requested' });
    await expect.poll(() => isRunning(qemu)).toBe(false);
    unwrap(await session.close());
  });

  it('does not start where a port is taken, says which, and starts when that is free', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as net.AddressInfo;
    const far = await farAppliance('disk-tour', 'off');
    const make = inQemu([{ protocol: 'tcp', hostPort: port, guestPort: 22 }]);
    const session = unwrap(
      await MachineSession.of({ chain: far.chain, stream: 'image' }, (disk) => make(far.appliance, disk)),
    );
    expect(await session.machine.start()).toMatchObject({
      failure: { code: 'busy', words: ['port-in-use', 'Disk Tour', `tcp port ${port}`] },
    });
    await new Promise<void>((resolve) => {
      other.close(() => resolve());
    });
    unwrap(await session.machine.start());
    unwrap(await session.close());
  });
});

describe('headwater run --backend qemu', () => {
  it('leaves no QEMU behind when it is killed, and the disk can be used again', async () => {
    const overlay = path.join(tempFolder(), 'killed.qed');
    const data = tempFolder();
    const run = (...args: string[]) =>
      HeadwaterProcess.start(['run', '--backend', 'qemu', '--disk', overlay, ...args], {
        env: { XDG_DATA_HOME: data },
      });
    const killed = run('--link', '100mbit,5ms', 'disk-tour');
    await killed.take(/tour> /);
    killed.type('w');
    await killed.take(/counter 00000001 written/);
    const qemu = await qemuOf(killed.pid);
    killed.signal('SIGKILL');
    await expect.poll(() => isRunning(qemu)).toBe(false);
    await killed.ended;

    const again = run('disk-tour');
    expect((await again.take(/starting Disk Tour from '.*' \((.*)\)/))[1]).toMatch(
      /^QEMU \d+\.\d+, (KVM|emulated)$/,
    );
    await again.take(/tour> /);
    again.type('w');
    await again.take(/counter 00000002 written/);
    again.signal('SIGTERM');
    expect((await again.ended).code).toBe(143);
    execFileSync('qemu-img', ['check', '-f', 'qed', overlay]);
    expect(fs.readdirSync(path.dirname(overlay))).toEqual(['killed.qed']);
  });
});

describe('headwater run, interrupted while the machine starts', () => {
  it.each([
    ['v86', 'SIGINT'],
    ['v86', 'SIGTERM'],
    ['qemu', 'SIGINT'],
    ['qemu', 'SIGTERM'],
  ] as const)('ends, and leaves its disk in order: %s, %s', async (backEnd, signal) => {
    const overlay = path.join(tempFolder(), 'overlay.qed');
    const { path: hangs } = scriptAsQemu(`#!/bin/sh
case "$*" in
  *--version*|*isa-debug-exit*) PATH=/usr/bin:/bin exec qemu-system-i386 "$@";;
  *) exec sleep 1000;;
esac
`);
    const run = HeadwaterProcess.start(['run', '--backend', backEnd, '--disk', overlay, 'disk-tour'], {
      env: { XDG_DATA_HOME: tempFolder(), PATH: path.dirname(hangs) },
    });
    await run.take(/starting Disk Tour/);
    run.signal(signal);
    expect(await run.ended).toEqual({ code: 130, signal: null });
    execFileSync('qemu-img', ['check', '-f', 'qed', overlay]);
    expect(fs.readdirSync(path.dirname(overlay))).toEqual(['overlay.qed']);
  });
});

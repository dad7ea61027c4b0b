import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { checkExt } from '../support/ext-files.ts';
import { inGuest } from '../support/in-guest.ts';
import { boot, farAppliance, type MakeMachine } from '../support/machine-workbench.ts';
import { inQemu } from '../support/qemu-machines.ts';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** The first that a server says. */
function greetingAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once('close', () => resolve(''));
    socket.on('error', () => socket.destroy());
  });
}

/** As if the guest asked cloud-init who may log in. */
function asInCloud(make: MakeMachine): MakeMachine {
  return ({ description, ...rest }, disk) =>
    make({ ...rest, description: { ...description, cloudInit: true } }, disk);
}

describe('Debian 12 server, 64 bits', () => {
  it('boots in QEMU from an overlay that streams to standalone meanwhile, on screen, serial line and network', async () => {
    const far = await farAppliance('debian-server', '1gbit,5ms');
    const hostPort = await freePort();
    const forwards = [{ protocol: 'tcp', hostPort, guestPort: 22 }] as const;
    const guest = await boot(far, far.chain, 'image', asInCloud(inQemu(forwards)));
    const { machine } = guest.session;
    unwrap(await guest.console.login('root'));
    expect(await inGuest(guest.console, 'uname -m')).toBe('x86_64\n');
    const note = await inGuest(
      guest.console,
      'dd if=/dev/urandom bs=64k count=32 2>/dev/null | tee /root/noise | sha256sum; sync',
    );

    // cloud-init, which this guest does not have, would find what it looks for.
    const seed = 'mount -r LABEL=CIDATA /mnt && cat /mnt/meta-data /mnt/user-data && umount /mnt';
    expect(await inGuest(guest.console, seed)).toMatch(/^\{"instance-id":"test".*\}\n#cloud-config\n/);

    // The screen has a login of its own, at which somebody types.
    await inGuest(guest.console, 'until pgrep -t tty1 agetty > /dev/null; do sleep 1; done');
    const screen = machine.screen;
    if (screen === null) throw new Error('It has no screen');
    unwrap(await screen.type('root\n'));
    await inGuest(guest.console, 'until who | grep -q tty1; do sleep 1; done');
    unwrap(await screen.type('echo typed on the screen > /dev/ttyS0\n'));
    unwrap(await guest.console.waitFor('typed on the screen'));

    await inGuest(guest.console, 'until systemctl is-active ssh > /dev/null; do sleep 1; done');
    await expect.poll(() => greetingAt(hostPort)).toMatch(/^SSH-2\.0-OpenSSH/);

    await guest.told.job('BLOCK_JOB_COMPLETED');
    expect(unwrap(await guest.session.disk.status()).standalone).toBe(true);
    await far.server.close();
    expect(await inGuest(guest.console, 'sha256sum < /root/noise')).toBe(note);
    expect(await inGuest(guest.console, 'dmesg | grep -cE "I/O error|EXT4-fs error" || true')).toBe('0\n');
    unwrap(await machine.powerButton());
    await guest.reached(({ kind }) => kind === 'stopped');
    expect(machine.state).toEqual({ kind: 'stopped', why: 'guest-halted' });
    unwrap(await guest.session.close());

    execFileSync('qemu-img', ['check', '-f', 'qed', far.overlay]);
    const whole = `${far.overlay}.raw`;
    execFileSync('qemu-img', ['convert', '-f', 'qed', '-O', 'raw', far.overlay, whole]);
    expect(checkExt(whole)).toMatchObject({ clean: true });
  });
});

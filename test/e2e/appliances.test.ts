import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { inGuest } from '../support/in-guest.ts';
import { boot, farAppliance } from '../support/machine-workbench.ts';
import { tempFolder } from '../support/temp-folder.ts';

const RECIPES = path.resolve(import.meta.dirname, '../../assets/appliances');
const CACHE = path.resolve(import.meta.dirname, '../../.cache');

describe('Debian 12 minimal', () => {
  it('boots in v86 from an empty overlay, is a whole Debian with apt, and shuts down', async () => {
    const far = await farAppliance('debian-minimal', '100mbit,10ms');
    const guest = await boot(far, far.chain, 'off');
    unwrap(await guest.console.login('root'));
    expect(await inGuest(guest.console, 'hostname')).toBe('debian\n');
    expect(await inGuest(guest.console, 'dpkg --audit; apt-get check 2>&1 | grep -c E: || true')).toBe('0\n');
    expect(await inGuest(guest.console, 'apt-cache policy apt')).toContain('Installed: 2.');
    // A package made and installed in the guest: dpkg runs its script and knows it afterwards.
    const makePackage = [
      'mkdir -p p/DEBIAN && cd p',
      "printf 'Package: greeting\\nVersion: 1\\nArchitecture: all\\nMaintainer: me\\nDescription: x\\n' > DEBIAN/control",
      "printf '#!/bin/sh\\necho hello > /etc/greeting\\n' > DEBIAN/postinst && chmod 755 DEBIAN/postinst",
      'cd .. && dpkg-deb -b p greeting.deb > /dev/null',
    ].join(' && ');
    await inGuest(guest.console, makePackage);
    await inGuest(guest.console, 'apt-get install -y ./greeting.deb > /dev/null 2>&1');
    expect(await inGuest(guest.console, 'cat /etc/greeting && dpkg -s greeting | grep Status')).toBe(
      'hello\nStatus: install ok installed\n',
    );
    expect(await inGuest(guest.console, 'stat -c %U:%G:%a /usr/bin/chage /etc/shadow /var/mail')).toBe(
      'root:shadow:2755\nroot:shadow:640\nroot:mail:2775\n',
    );
    guest.console.sendLine('poweroff');
    await guest.reached(({ kind }) => kind === 'stopped');
    // What a boot and this work read is a small part of the disk.
    expect(far.server.statistics().bytesSent).toBeLessThan(120 * 1024 * 1024);
  });
});

describe('Diagnostics', () => {
  it('shows its menu and finds the hardware', async () => {
    const far = await farAppliance('diagnostics', '100mbit,10ms');
    const guest = await boot(far, far.chain, 'off');
    unwrap(await guest.console.waitFor('Headwater diagnostics'));
    // The help of the first entry is drawn last.
    unwrap(await guest.console.waitFor('menus.'));
    // The second entry: the command line of the detection tool.
    guest.session.machine.sendSerial('c');
    unwrap(await guest.console.waitFor('for the serial console'));
    guest.session.machine.sendSerial('\r');
    unwrap(await guest.console.waitFor('hdt>'));
    guest.session.machine.sendSerial('show cpu\r');
    unwrap(await guest.console.waitFor('Manufacturer : Intel'));
  });

  it('is the same, byte for byte, whoever builds it', () => {
    const build = () => {
      const folder = tempFolder();
      execFileSync(process.execPath, [path.join(RECIPES, 'build.mjs'), 'diagnostics', folder, CACHE]);
      return fs.readFileSync(path.join(folder, 'diagnostics/disk.raw'));
    };
    expect(build().equals(build())).toBe(true);
  });
});

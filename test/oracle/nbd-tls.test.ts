import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { openNbdDevice } from '../../main/block/nbd/nbd-device.ts';
import { startServer } from '../support/foreign-server.ts';
import { COMMAND, HeadwaterProcess } from '../support/headwater-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { TlsAuthority } from '../support/tls-authority.ts';
import { pattern } from '../support/qed-disk.ts';

const run = promisify(execFile);

function image(): { folder: string; file: string; socket: string; content: Uint8Array } {
  const folder = tempFolder();
  const file = path.join(folder, 'disk.raw');
  const content = pattern(65_536, 5);
  fs.writeFileSync(file, content);
  return { folder, file, socket: path.join(folder, 'nbd'), content };
}

/** Serves an image with our command, with these options about TLS. */
async function served(tls: readonly string[]) {
  const disk = image();
  const args = [COMMAND, 'nbd', '-f', 'raw', '-t', '-e', '8', '-k', disk.socket, ...tls, disk.file];
  await startServer(process.execPath, args, disk.socket);
  return disk;
}

const asQemu = (folder: string, ...more: string[]) => [
  '--object',
  ['tls-creds-x509', 'id=tls0', `dir=${folder}`, 'endpoint=server', ...more].join(),
  '--tls-creds',
  'tls0',
];

/** What `qemu-img` says of an export; it checks the server's certificate by the authority in `credentials`. */
function qemuInfo(socket: string, credentials: string) {
  const options = `driver=nbd,server.type=unix,server.path=${socket},tls-creds=c,tls-hostname=localhost`;
  const object = `tls-creds-x509,id=c,dir=${credentials},endpoint=client`;
  return run('qemu-img', ['info', '--object', object, '--image-opts', options]);
}

function nbdInfo(socket: string, credentials: string) {
  return run('nbdinfo', ['--size', secureUri(socket, credentials)]);
}

function secureUri(socket: string, credentials: string): string {
  return `nbds+unix:///?socket=${socket}&tls-certificates=${credentials}&tls-hostname=localhost`;
}

describe('headwater nbd over TLS', () => {
  it.each([
    ['--tls, as it is ours', (folder: string) => ['--tls', folder]],
    ["qemu-nbd's options without a check of clients", (folder: string) => asQemu(folder, 'verify-peer=off')],
  ])('serves clients that trust its authority: %s', async (_name, options) => {
    const authority = new TlsAuthority('ours');
    const { socket } = await served(options(authority.folderFor('server')));
    const credentials = authority.folderFor();
    expect((await qemuInfo(socket, credentials)).stdout).toContain('virtual size: 64 KiB');
    const anyone = `nbds+unix:///?socket=${socket}&tls-certificates=${authority.folderFor('client')}`;
    expect((await run('nbdinfo', ['--size', `${anyone}&tls-hostname=localhost`])).stdout).toBe('65536\n');
  });

  it('asks clients for a certificate where qemu-nbd does, and turns away those without', async () => {
    const authority = new TlsAuthority('ours');
    const { socket } = await served(asQemu(authority.folderFor('server')));
    expect((await qemuInfo(socket, authority.folderFor('client'))).stdout).toContain('virtual size: 64 KiB');
    expect((await nbdInfo(socket, authority.folderFor('client'))).stdout).toBe('65536\n');
    await expect(qemuInfo(socket, authority.folderFor())).rejects.toThrow();
    const stranger = new TlsAuthority('theirs').folderFor('client');
    fs.copyFileSync(path.join(authority.folderFor(), 'ca-cert.pem'), path.join(stranger, 'ca-cert.pem'));
    await expect(qemuInfo(socket, stranger)).rejects.toThrow();
    // It goes on for the others.
    expect((await nbdInfo(socket, authority.folderFor('client'))).stdout).toBe('65536\n');
  });

  it('serves nobody in the clear', async () => {
    const { socket } = await served(['--tls', new TlsAuthority('ours').folderFor('server')]);
    await expect(run('nbdinfo', ['--size', `nbd+unix:///?socket=${socket}`])).rejects.toThrow();
    await expect(run('qemu-img', ['info', '-f', 'raw', `nbd+unix:///?socket=${socket}`])).rejects.toThrow(
      /TLS/,
    );
  });

  it('is not believed by clients of another authority', async () => {
    const { socket } = await served(['--tls', new TlsAuthority('ours').folderFor('server')]);
    const credentials = new TlsAuthority('theirs').folderFor('client');
    await expect(qemuInfo(socket, credentials)).rejects.toThrow(/certificate/);
  });

  it('says before it serves what is wrong with its credentials', async () => {
    const { file, socket, folder } = image();
    const authority = new TlsAuthority('ours');
    const withoutKey = authority.folderFor('server');
    fs.rmSync(path.join(withoutKey, 'server-key.pem'));
    const otherKey = authority.folderFor('server');
    fs.copyFileSync(
      path.join(authority.folderFor('server'), 'server-key.pem'),
      path.join(otherKey, 'server-key.pem'),
    );
    for (const [tls, message] of [
      [['--tls', folder], /server-cert\.pem' of the TLS credentials cannot be read/],
      [['--tls', withoutKey], /server-key\.pem/],
      [['--tls', otherKey], /cannot be used/],
      [['--tls-creds', 'nobody'], /No TLS credentials with id 'nobody'/],
    ] as const) {
      const refused = HeadwaterProcess.start(['nbd', '-f', 'raw', '-k', socket, ...tls, file]);
      expect(await refused.ended).toEqual({ code: 1, signal: null });
      expect(refused.stderr).toMatch(message);
      expect(fs.existsSync(socket)).toBe(false);
    }
  });
});

describe('an export of qemu-nbd over TLS, to our client', () => {
  async function theirs(...more: string[]) {
    const authority = new TlsAuthority('theirs');
    const disk = image();
    const object = [
      'tls-creds-x509',
      'id=t',
      `dir=${authority.folderFor('server')}`,
      'endpoint=server',
      ...more,
    ];
    const args = [
      '-f',
      'raw',
      '-t',
      '-e',
      '8',
      '-k',
      disk.socket,
      '--object',
      object.join(),
      '--tls-creds',
      't',
    ];
    await startServer('qemu-nbd', [...args, disk.file], disk.socket);
    return { ...disk, authority };
  }
  const opened = (socket: string, credentials: string) =>
    openNbdDevice(secureUri(socket, credentials), { clock: systemClock });

  it('is read by who trusts its authority and shows a certificate of it', async () => {
    const { socket, authority, content } = await theirs();
    const device = unwrap(await opened(socket, authority.folderFor('client')));
    const read = new Uint8Array(content.length);
    unwrap(await device.read(0, read));
    expect(Buffer.compare(read, content)).toBe(0);
    unwrap(await device.close());
  });

  it('is refused by who trusts another authority', async () => {
    const { socket } = await theirs('verify-peer=off');
    const stranger = new TlsAuthority('ours').folderFor('client');
    expect(await opened(socket, stranger)).toMatchObject({ ok: false, failure: { code: 'source-refused' } });
  });

  it('is not opened in the clear', async () => {
    const { socket } = await theirs();
    const plain = await openNbdDevice(`nbd+unix:///?socket=${socket}`, { clock: systemClock });
    expect(plain).toMatchObject({ ok: false, failure: { code: 'source-refused' } });
  });
});

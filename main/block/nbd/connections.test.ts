import net from 'node:net';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { LOCALHOST_CERTIFICATE } from '../../../test/support/localhost-certificate.ts';
import { serveNbd, tlsFolder, type Served } from '../../../test/support/nbd-served.ts';
import { pattern } from '../../../test/support/qed-disk.ts';
import { until } from '../../../test/support/simulated-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { WatchedDevice } from '../../../test/support/watched-device.ts';
import { openNbdDevice, type NbdDevice, type NbdDeviceOptions } from './nbd-device.ts';

function diskOf(lengthBytes: number, tag = 1): WatchedDevice {
  const disk = new WatchedDevice(lengthBytes);
  disk.bytes = pattern(lengthBytes, tag);
  return disk;
}

async function opened(uri: string, options: Partial<NbdDeviceOptions> = {}): Promise<NbdDevice> {
  const device = unwrap(await openNbdDevice(uri, { clock: systemClock, ...options }));
  onTestFinished(async () => {
    await device.close();
  });
  return device;
}

/** Another server in the place of one that has ended. */
async function replace(served: Served, device: WatchedDevice): Promise<Served> {
  await served.server.close();
  const next = await serveNbd([{ name: '', device }]);
  unwrap(await next.server.listen({ kind: 'unix', path: served.socket }));
  return next;
}

async function bytesAt(device: NbdDevice, offset: number, length: number) {
  const target = new Uint8Array(length);
  const read = await device.read(offset, target);
  return read.ok ? target : read.failure.code;
}

describe('a connection that is lost', () => {
  it('is made again, and the export read on', async () => {
    const served = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const device = await opened(served.uri());
    expect(await bytesAt(device, 100, 10)).toEqual(pattern(MIB, 1).slice(100, 110));
    await replace(served, diskOf(MIB));
    expect(await bytesAt(device, 200, 10)).toEqual(pattern(MIB, 1).slice(200, 210));
  });

  it('has what was under way asked again', async () => {
    const slow = diskOf(MIB);
    slow.hold('read');
    const served = await serveNbd([{ name: '', device: slow }]);
    const device = await opened(served.uri());
    const reading = [bytesAt(device, 0, 4096), bytesAt(device, 5000, 4096)];
    await until(() => slow.waiting('read') === 2);
    // What the server that goes away still had to do is of no use to anybody.
    fs.rmSync(served.socket);
    const next = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    unwrap(await next.server.listen({ kind: 'unix', path: served.socket }));
    const closed = served.server.close();
    slow.release('read');
    await closed;
    const content = pattern(MIB, 1);
    expect(await Promise.all(reading)).toEqual([content.slice(0, 4096), content.slice(5000, 9096)]);
  });

  it('fails requests with source-unreachable while nobody is there, and works again afterwards', async () => {
    const served = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const device = await opened(served.uri());
    await served.server.close();
    expect(await bytesAt(device, 0, 10)).toBe('source-unreachable');
    const next = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    unwrap(await next.server.listen({ kind: 'unix', path: served.socket }));
    expect(await bytesAt(device, 0, 10)).toEqual(pattern(MIB, 1).slice(0, 10));
  });

  it('leads to source-changed where the export has another size', async () => {
    const served = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const device = await opened(served.uri());
    const other = await replace(served, diskOf(2 * MIB));
    expect(await bytesAt(device, 0, 10)).toBe('source-changed');
    await replace({ ...other, socket: served.socket }, diskOf(MIB));
    expect(await bytesAt(device, 0, 10)).toBe('source-changed');
  });

  it('is told when writes may be lost with it, and not after they were flushed', async () => {
    const served = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const device = await opened(served.uri(), { readOnly: false });
    unwrap(await device.write(0, new Uint8Array(512)));
    unwrap(await device.flush());
    const other = await replace(served, diskOf(MIB));
    unwrap(await device.write(0, new Uint8Array(512)));
    await replace({ ...other, socket: served.socket }, diskOf(MIB));
    await until(() => other.server.clients === 0);
    expect(await device.flush()).toMatchObject({ failure: { code: 'io' } });
    expect(await device.write(0, new Uint8Array(512))).toMatchObject({ failure: { code: 'io' } });
  });
});

describe('the connections to an export', () => {
  it('are several where the server keeps them in step and there is much to read', async () => {
    for (const [multiConn, most] of [
      [true, 3],
      [false, 1],
    ] as const) {
      const disk = diskOf(16 * MIB);
      const served = await serveNbd([{ name: '', device: disk, multiConn }]);
      const device = await opened(served.uri(), { connections: 3 });
      expect(served.server.clients).toBe(1);
      const content = pattern(16 * MIB, 1);
      for (let round = 0; round < 4; round++) {
        const reading = Array.from({ length: 12 }, (_, index) => bytesAt(device, index * MIB, MIB));
        for (const [index, bytes] of (await Promise.all(reading)).entries()) {
          if (typeof bytes === 'string') expect.fail(bytes);
          expect(Buffer.compare(bytes, content.subarray(index * MIB, (index + 1) * MIB))).toBe(0);
        }
      }
      expect(served.server.clients).toBe(most);
    }
  });

  it('end with the device', async () => {
    const served = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const device = await opened(served.uri());
    unwrap(await device.close());
    await until(() => served.server.clients === 0);
  });
});

describe('opening an export', () => {
  const code = async (uri: string, options: Partial<NbdDeviceOptions> = {}) => {
    const device = await openNbdDevice(uri, { clock: systemClock, ...options });
    if (!device.ok) return device.failure;
    await device.value.close();
    return null;
  };

  it('fails with source-unreachable where nobody listens, and says who', async () => {
    const socket = path.join(tempFolder(), 'none');
    expect(await code(`nbd+unix:///disk?socket=${socket}`)).toEqual({
      code: 'source-unreachable',
      message: `nbd+unix:///disk?socket=${socket}: nobody listens there`,
    });
    expect(await code('nbd://127.0.0.1:1/')).toMatchObject({ code: 'source-unreachable' });
  });

  it('fails with source-refused where the server has no such export', async () => {
    const { uri } = await serveNbd([
      { name: 'one', device: diskOf(MIB) },
      { name: 'two', device: diskOf(MIB) },
    ]);
    expect(await code(uri('three'))).toMatchObject({
      code: 'source-refused',
      message: expect.stringContaining("no export 'three'") as string,
    });
  });

  it('fails with read-only where it is to be written and may not', async () => {
    const { uri } = await serveNbd([{ name: '', device: diskOf(MIB), readOnly: true }]);
    expect(await code(uri(), { readOnly: false })).toMatchObject({ code: 'read-only' });
    expect(await code(uri())).toBeNull();
  });

  it('goes over TLS where the address says so, and only there', async () => {
    const secure = await serveNbd([{ name: '', device: diskOf(MIB) }], { tls: tlsFolder() });
    const plain = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    const trusted = { trustedCertificates: LOCALHOST_CERTIFICATE.cert };
    const overTls = (served: Served) => served.uri().replace('nbd+', 'nbds+');
    const device = await opened(overTls(secure), trusted);
    const target = new Uint8Array(300 * KIB);
    unwrap(await device.read(1000, target));
    expect(Buffer.compare(target, pattern(MIB, 1).subarray(1000, 1000 + target.length))).toBe(0);
    expect(await code(overTls(secure))).toMatchObject({ code: 'source-refused' });
    expect(await code(overTls(plain), trusted)).toMatchObject({ code: 'source-refused' });
    expect(await code(secure.uri(), trusted)).toMatchObject({
      code: 'source-refused',
      message: expect.stringContaining('use an nbds: address') as string,
    });
  });

  it('gives up on a server that says nothing, before or after it has agreed', async () => {
    const socket = path.join(tempFolder(), 'mute');
    const mute = net.createServer(() => {}).listen(socket);
    onTestFinished(() => {
      mute.close();
    });
    const options = { noProgressTimeoutMs: 50 };
    expect(await code(`nbd+unix:///?socket=${socket}`, options)).toMatchObject({
      code: 'source-unreachable',
    });
    const stuck = diskOf(MIB);
    stuck.hold('read');
    const { uri } = await serveNbd([{ name: '', device: stuck }]);
    const device = await opened(uri(), options);
    expect(await bytesAt(device, 0, 10)).toBe('source-unreachable');
    stuck.release('read');
    expect(await bytesAt(device, 0, 10)).toEqual(pattern(MIB, 1).slice(0, 10));
  });

  it('asks for a whole number of connections', async () => {
    const { uri } = await serveNbd([{ name: '', device: diskOf(MIB) }]);
    for (const connections of [0, 65, 1.5]) {
      expect(await code(uri(), { connections })).toMatchObject({ code: 'invalid-argument' });
    }
  });
});

describe('what a server knows of the content', () => {
  it('tells zeroes from data without reading, with few questions', async () => {
    const disk = diskOf(8 * MIB);
    disk.bytes.fill(0, 2 * MIB, 5 * MIB);
    disk.kindAt = (offset) => (offset >= 2 * MIB && offset < 5 * MIB ? 'zero' : 'data');
    const { uri } = await serveNbd([{ name: '', device: disk }]);
    const device = await opened(uri());
    const kinds: string[] = [];
    for (let offset = 0; offset < 8 * MIB; offset += 512 * KIB) {
      const extent = unwrap(await device.extentAt(offset, 512 * KIB));
      expect(extent.length).toBe(512 * KIB);
      kinds.push(extent.kind === 'zero' ? '0' : '1');
    }
    expect(kinds.join('')).toBe('1111000000111111');
    expect(disk.log).toEqual([]);
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import {
  contentWithoutSource,
  failureOf,
  firstDifference,
  MASTER_BYTES,
  newImages,
  newServedImages,
  openDisk,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { NbdTalker } from '../../../test/support/nbd-talker.ts';
import { COMMAND, ERROR, FLAG } from '../../block/nbd/protocol.ts';
import type { ListenAddress } from '../../sockets/listen.ts';

const at = (folder: string): ListenAddress & { kind: 'unix' } => ({
  kind: 'unix',
  path: path.join(folder, 'disk.socket'),
});

describe('a disk that is served over NBD', () => {
  it('is read, written and kept, as through a port', async () => {
    const { chain, content, overlay, folder } = await newImages();
    const { disk, told } = await openDisk(chain);
    const address = at(folder);
    expect(unwrap(await disk.serveNbd({ address, exportName: 'disk' }))).toEqual({ id: 1, address });
    const guest = await NbdTalker.open(address.path, { exportName: 'disk' });
    const data = Buffer.alloc(300 * KIB, 7);
    content.set(data, 12_345);
    expect((await guest.write(12_345, data)).error).toBe(0);
    expect(firstDifference((await guest.read(0, MASTER_BYTES)).data, content)).toBeNull();
    expect(unwrap(await disk.status()).guest).toMatchObject({
      writtenBytes: 300 * KIB,
      readBytes: MASTER_BYTES,
    });
    guest.send({ command: COMMAND.disconnect });
    const left = await told.until((event) => event.kind === 'nbd-clients' && event.change.kind === 'left');
    expect(left).toEqual({
      kind: 'nbd-clients',
      service: 1,
      change: { kind: 'left', exportName: 'disk', clients: 0 },
    });
    unwrap(await disk.close());
    expect(fs.existsSync(address.path)).toBe(false);
    const { disk: again } = await openDisk(chain, { copyOnRead: 'off' });
    unwrap(await again.startStream(STREAM));
    unwrap(await again.close());
    expect(fs.statSync(overlay).size).toBeGreaterThan(300 * KIB);
  });

  it('streams to its end meanwhile, and is whole afterwards', async () => {
    const { chain, content, overlay, folder } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    const address = at(folder);
    unwrap(await disk.serveNbd({ address }));
    const guest = await NbdTalker.open(address.path);
    unwrap(await disk.startStream(STREAM));
    for (let round = 0; round < 30; round++) {
      const offset = (round * 700_001) % (MASTER_BYTES - 5000);
      content.fill(round, offset, offset + 5000);
      expect((await guest.write(offset, Buffer.alloc(5000, round))).error).toBe(0);
      expect(firstDifference((await guest.read(0, MIB)).data, content.subarray(0, MIB))).toBeNull();
    }
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    await guest.closed;
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('may be read-only to its clients, for one at a time', async () => {
    const { chain, folder } = await newImages();
    const { disk } = await openDisk(chain);
    const address = at(folder);
    unwrap(await disk.serveNbd({ address, readOnly: true, maxClients: 1 }));
    const guest = await NbdTalker.open(address.path);
    expect(guest.flags & (FLAG.readOnly | FLAG.canMultiConn)).toBe(FLAG.readOnly);
    expect((await guest.write(0, Buffer.alloc(512))).error).toBe(ERROR.perm);
  });

  it('is served at several addresses, each until it is stopped', async () => {
    const { chain, folder } = await newImages();
    const { disk } = await openDisk(chain);
    const socket = unwrap(await disk.serveNbd({ address: at(folder) }));
    const port = unwrap(await disk.serveNbd({ address: { kind: 'tcp', host: '127.0.0.1', port: 0 } }));
    if (port.address.kind !== 'tcp') throw new Error('no port');
    const [one, other] = [await NbdTalker.open(at(folder).path), await NbdTalker.open(port.address.port)];
    unwrap(await disk.stopNbd(socket.id));
    await one.closed;
    expect(fs.existsSync(at(folder).path)).toBe(false);
    expect((await other.read(0, 512)).error).toBe(0);
    expect(failureOf(await disk.stopNbd(socket.id))).toMatchObject({ code: 'not-found' });
  });

  it('says where it cannot be served', async () => {
    const { chain, folder } = await newImages();
    const { disk } = await openDisk(chain);
    unwrap(await disk.serveNbd({ address: at(folder) }));
    expect(failureOf(await disk.serveNbd({ address: at(folder) }))).toMatchObject({ code: 'busy' });
    const tls = { folder: path.join(folder, 'none'), verifyClients: false };
    expect(failureOf(await disk.serveNbd({ address: at(folder), tls }))).toMatchObject({ code: 'not-found' });
  });

  it('closes though a client waits for data that does not come', async () => {
    const { chain, folder, server } = await newServedImages();
    const { disk, told } = await openDisk(chain, { onSourceLost: 'wait' });
    const address = at(folder);
    unwrap(await disk.serveNbd({ address }));
    const guest = await NbdTalker.open(address.path);
    expect((await guest.read(0, 512)).error).toBe(0);
    await server.close();
    const read = guest.send({ command: COMMAND.read, offset: 3 * MIB, length: 512 });
    await told.until((event) => event.kind === 'waiting');
    const closed = disk.close();
    expect((await guest.answersUntil(read)).get(read)?.error).toBe(ERROR.io);
    unwrap(await closed);
    await guest.closed;
  });
});

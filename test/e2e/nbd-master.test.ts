/** A machine whose master lies on an NBD server that is slow and loses its connection now and then. */
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { inGuest } from '../support/in-guest.ts';
import { startServer, uriOf } from '../support/foreign-server.ts';
import { installed } from '../support/machine-workbench.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { consoleOf, LONG, openApp, powerOff } from './app-guests.ts';

describe('a Tiny Linux machine over an export of nbdkit', () => {
  it('boots while its disk streams, stands alone at last, and boots again without the server', async () => {
    const { masterPath, description } = installed('tiny-linux');
    const folder = tempFolder();
    const socket = path.join(folder, 'nbd');
    const troubles = ['delay-read=3ms', 'error-pread=ESHUTDOWN', 'error-pread-rate=1%'];
    const filters = ['--filter=error', '--filter=delay'];
    const args = ['-f', '-r', '-U', socket, ...filters, 'file', masterPath, ...troubles];
    const server = await startServer('nbdkit', args, socket);
    const app = await openApp(folder);
    const master = unwrap(await app.masters.add({ source: 'nbd', name: 'Far', url: uriOf(socket) }));
    expect(master).toMatchObject({ source: 'nbd', lengthBytes: description.disk.sizeBytes });
    const { memoryMiB } = description;
    const made = await app.machines.create({ applianceId: master.id, name: 'One', memoryMiB, start: true });
    const { id } = unwrap(made);
    const console = await consoleOf(app, id);
    await inGuest(console, 'echo here > /root/note && sync');
    const sums = await inGuest(console, 'sha256sum /usr/bin/*a* 2>/dev/null');
    await vi.waitFor(async () => {
      expect(unwrap(await app.disks.list())).toMatchObject([{ state: 'complete' }]);
    }, LONG);
    await powerOff(app, id, console);
    server.kill('SIGKILL');
    unwrap(await app.machines.command({ id, command: 'start' }));
    const again = await consoleOf(app, id);
    expect(await inGuest(again, 'cat /root/note')).toBe('here\n');
    expect(await inGuest(again, 'sha256sum /usr/bin/*a* 2>/dev/null')).toBe(sums);
    await powerOff(app, id, again);
  });
});

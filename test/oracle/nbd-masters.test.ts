import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { MachineRoom, type BackEnd } from '../support/machine-room.ts';
import { diskIs } from '../support/machine-watch.ts';
import { startServer, uriOf } from '../support/foreign-server.ts';
import { pattern } from '../support/qed-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { qemu } from './image-twins.ts';

const MASTER_BYTES = 8 * MIB;

/** A master, and the servers it may lie on. Each listens at `socket`. */
function servers() {
  const folder = tempFolder();
  const master = path.join(folder, 'master.raw');
  fs.writeFileSync(master, pattern(MASTER_BYTES, 7));
  const socket = path.join(folder, 'nbd');
  const qemuNbd = (...more: string[]) => {
    fs.rmSync(socket, { force: true });
    return startServer(
      'qemu-nbd',
      ['-f', 'raw', '-r', '-t', '-e', '8', '-k', socket, ...more, master],
      socket,
    );
  };
  const nbdkit = (filters: string[], ...parameters: string[]) => {
    fs.rmSync(socket, { force: true });
    const given = filters.map((name) => `--filter=${name}`);
    return startServer('nbdkit', ['-f', '-r', '-U', socket, ...given, 'file', master, ...parameters], socket);
  };
  return { folder, master, socket, qemuNbd, nbdkit };
}

async function machineOver({ masters, machines }: BackEnd, url: string) {
  const master = unwrap(await masters.add({ source: 'nbd', name: 'Far', url }));
  const machine = unwrap(await machines.create({ applianceId: master.id, name: 'One', start: false }));
  return { master, machine };
}

/** The image of a machine, compared with the master by QEMU. */
function expectSame(room: MachineRoom, master: string): void {
  const [image = ''] = room.images();
  const compared = qemu('qemu-img', room.disksFolder, ['compare', '-f', 'qed', '-F', 'raw', image, master]);
  expect(compared).toMatchObject({ code: 0, stdout: 'Images are identical.\n' });
}

/** A machine whose master a slow server has, which is killed while the disk streams. */
async function cutOff() {
  const far = servers();
  const first = await far.nbdkit(['delay'], 'delay-read=300ms');
  const room = new MachineRoom();
  const backEnd = await room.open();
  const { master, machine } = await machineOver(backEnd, uriOf(far.socket));
  await diskIs(backEnd, machine.id, { state: 'streaming' });
  first.kill('SIGKILL');
  return { far, room, backEnd, master, machine };
}

describe('a machine over a master on an NBD server', () => {
  it.each([
    ['qemu-nbd at a socket', ({ qemuNbd }: ReturnType<typeof servers>) => qemuNbd()],
    ['nbdkit that is slow', ({ nbdkit }: ReturnType<typeof servers>) => nbdkit(['delay'], 'delay-read=20ms')],
    [
      'nbdkit that shuts down now and then',
      ({ nbdkit }: ReturnType<typeof servers>) =>
        nbdkit(['error'], 'error-pread=ESHUTDOWN', 'error-pread-rate=30%'),
    ],
  ])('streams from %s until it stands alone', async (_name, start) => {
    const far = servers();
    await start(far);
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { master, machine } = await machineOver(backEnd, uriOf(far.socket));
    expect(master).toMatchObject({ source: 'nbd', location: uriOf(far.socket), lengthBytes: MASTER_BYTES });
    await diskIs(backEnd, machine.id, { state: 'complete' });
    await room.close();
    expectSame(room, far.master);
  });

  it('waits for a server that is gone, and goes on when it is back', async () => {
    const { far, room, backEnd, machine } = await cutOff();
    await diskIs(backEnd, machine.id, { state: 'waiting-for-source' });
    await far.qemuNbd();
    const [disk] = unwrap(await backEnd.disks.list());
    unwrap(await backEnd.disks.stream({ id: disk?.id ?? '', command: 'retry-now' }));
    await diskIs(backEnd, machine.id, { state: 'complete' });
    await room.close();
    expectSame(room, far.master);
  });

  it('does not go on from another disk that is served there', async () => {
    const { far, backEnd, machine } = await cutOff();
    fs.truncateSync(far.master, MASTER_BYTES + MIB);
    await far.qemuNbd();
    await diskIs(backEnd, machine.id, { state: 'source-changed' });
  });

  it('reads the same master from another server when it is told so', async () => {
    const { far, room, backEnd, master, machine } = await cutOff();
    await diskIs(backEnd, machine.id, { state: 'waiting-for-source' });
    await far.qemuNbd('-x', 'moved');
    const url = uriOf(far.socket, 'moved');
    unwrap(await backEnd.masters.relocate({ id: master.id, to: { source: 'nbd', url } }));
    await diskIs(backEnd, machine.id, { state: 'complete' });
    await room.close();
    expectSame(room, far.master);
  });
});

describe('headwater appliances add', () => {
  it('enters a disk of an NBD server into the catalog', async () => {
    const far = servers();
    await far.qemuNbd();
    const env = { XDG_DATA_HOME: far.folder };
    const add = HeadwaterProcess.start(['appliances', 'add', 'Far', uriOf(far.socket), '--json'], { env });
    expect(await add.ended).toEqual({ code: 0, signal: null });
    const facts = { name: 'Far', source: 'nbd', location: uriOf(far.socket), lengthBytes: MASTER_BYTES };
    expect(JSON.parse(add.stdout)).toMatchObject(facts);
    const list = HeadwaterProcess.start(['appliances', 'list', '--json'], { env });
    expect(await list.ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(list.stdout)).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'Far', source: 'nbd', available: true })]),
    );
  });

  it.each([
    ['nbd://', 2, 'an nbd:// or nbd+unix:/// address'],
    ['/etc/passwd', 2, 'an http:// or https:// address'],
    ['nbd+unix:///?socket=/nowhere', 1, 'nobody listens there'],
  ])('refuses %s, saying why', async (url, code, why) => {
    const env = { XDG_DATA_HOME: tempFolder() };
    const add = HeadwaterProcess.start(['appliances', 'add', 'Far', url], { env });
    expect(await add.ended).toEqual({ code, signal: null });
    expect(add.stderr).toContain(why);
  });
});

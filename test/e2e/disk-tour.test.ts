import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import { STREAM } from '../support/disk-workbench.ts';
import { boot, farAppliance, masterOf, type Running } from '../support/machine-workbench.ts';
import { tourChecksum } from '../support/v86-workbench.ts';

const PROMPT = 'tour> ';
const PLACES = 8;
const PLACE_SECTORS = 16;
const PLACE_OFFSET = 120;

/** Does to a copy of the disk what the guest does in its first round of `f`, and once in `w`. */
function fillAndCount(disk: Buffer): void {
  const sectors = disk.length / SECTOR_BYTES;
  for (let place = 0; place < PLACES; place++) {
    const first = Math.floor(sectors / PLACES) * place + PLACE_OFFSET;
    const word = (Math.imul(first, 0x9e3779b1) + 0x85ebca77) | 0;
    for (let i = 0; i < (PLACE_SECTORS * SECTOR_BYTES) / 4; i++) {
      disk.writeInt32LE((word + i) | 0, first * SECTOR_BYTES + 4 * i);
    }
  }
  const counter = disk.length - SECTOR_BYTES;
  disk.writeUInt32LE(disk.readUInt32LE(counter) + 1, counter);
}

async function press({ session, console }: Running, key: string): Promise<string> {
  session.machine.sendSerial(key);
  return unwrap(await console.waitFor(PROMPT));
}

async function halt(running: Running): Promise<void> {
  running.session.machine.sendSerial('h');
  await running.reached(({ kind }) => kind === 'stopped');
  unwrap(await running.session.close());
}

describe('Disk Tour on an overlay whose master streams in', () => {
  it('reads the master, keeps what it writes, and goes on without the server', async () => {
    const far = await farAppliance('disk-tour', '100mbit,10ms');
    const master = masterOf(far);
    const first = await boot(far, far.chain);
    expect(unwrap(await first.console.waitFor(PROMPT))).toContain(`checksum ${tourChecksum(master)}`);
    expect(await press(first, 'f')).toContain('fill round 00000001 wrong words 00000000');
    expect(await press(first, 'w')).toContain('counter 00000001 written');
    await first.told.job('BLOCK_JOB_COMPLETED');
    await halt(first);
    // Besides the master, two connections asked for its length.
    expect(far.server.statistics().bytesSent).toBeLessThanOrEqual(master.length + 2);
    await far.server.close();

    const expected = Buffer.from(master);
    fillAndCount(expected);
    fs.writeFileSync(`${far.overlay}.expected`, expected);
    const files = ['-f', 'qed', '-F', 'raw', far.overlay, `${far.overlay}.expected`];
    const compared = spawnSync('qemu-img', ['compare', ...files], { encoding: 'utf8' });
    expect(compared).toMatchObject({ status: 0, stdout: 'Images are identical.\n' });

    const second = await boot(far, far.alone);
    expect(unwrap(await second.console.waitFor(PROMPT))).toContain(`checksum ${tourChecksum(expected)}`);
    expect(await press(second, 'w')).toContain('counter 00000002 written');
    await halt(second);
  });

  it('waits where its server is gone, and goes on when it is back', async () => {
    const far = await farAppliance('disk-tour', '20mbit,10ms');
    const running = await boot(far, far.chain, 'off');
    unwrap(await running.console.waitFor('..'));
    await far.server.drop();
    await running.reached((state) => state.kind === 'paused' && state.by === 'disk');
    expect(running.session.machine.wait).toMatchObject({ operation: 'read', retries: 'by-itself' });
    expect(await running.told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-unreachable' } },
    });
    unwrap(await far.server.restore());
    expect(unwrap(await running.console.waitFor(PROMPT))).toContain(
      `checksum ${tourChecksum(masterOf(far))}`,
    );
    expect(running.told.events.at(-1)).toEqual({ kind: 'waiting', waiting: null });
    unwrap(await running.session.disk.startStream(STREAM));
    await running.told.job('BLOCK_JOB_COMPLETED');
    await halt(running);
  });

  it.each(['is gone', 'says nothing'])('can be ended while it waits for a server that %s', async (how) => {
    const far = await farAppliance('disk-tour', '20mbit,10ms');
    const running = await boot(far, far.chain, 'off');
    unwrap(await running.console.waitFor('..'));
    if (how === 'is gone') await far.server.drop();
    else far.server.pause();
    await running.reached((state) => state.kind === 'paused' && state.by === 'disk');
    unwrap(await running.session.close());
    expect(running.session.machine.state).toMatchObject({ kind: 'stopped' });
  });

  it('finds all that was local after a stop in the middle', async () => {
    const far = await farAppliance('disk-tour', '20mbit,10ms');
    const first = await boot(far, far.chain);
    unwrap(await first.console.waitFor('..'));
    unwrap(await first.session.close());
    const second = await boot(far, far.chain);
    expect(unwrap(await second.console.waitFor(PROMPT))).toContain(`checksum ${tourChecksum(masterOf(far))}`);
    await second.told.job('BLOCK_JOB_COMPLETED');
    await halt(second);
    expect(far.server.statistics().bytesSent).toBeLessThanOrEqual(masterOf(far).length + 4);
  });
});

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { STREAM } from '../support/disk-workbench.ts';
import { checkExt, filesIn, sha256 } from '../support/ext-files.ts';
import { inGuest } from '../support/in-guest.ts';
import { boot, farAppliance, masterOf, type Running } from '../support/machine-workbench.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PROGRAMS = '/usr/bin';

/** What `sha256sum` printed, by name. */
function sums(output: string): Record<string, string> {
  const lines = [...output.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)];
  return Object.fromEntries(lines.map(([, sum = '', name = '']) => [name, sum]));
}

async function powerOff(running: Running): Promise<void> {
  running.console.sendLine('poweroff');
  await running.reached(({ kind }) => kind === 'stopped');
  unwrap(await running.session.close());
}

describe('Tiny Linux on an overlay whose master streams in', () => {
  it('reads what the master holds, survives losing it, keeps what it writes, and boots again alone', async () => {
    const far = await farAppliance('tiny-linux', '100mbit,10ms');
    const master = masterOf(far);
    const programs = filesIn(far.appliance.masterPath, PROGRAMS, tempFolder());
    expect(Object.keys(programs).length).toBeGreaterThan(50);
    const checkPrograms = `find ${PROGRAMS} -type f -exec sha256sum {} +`;

    // Nothing is fetched yet that the guest does not ask for, so that it surely misses what is taken away.
    const first = await boot(far, far.chain, 'off');
    unwrap(await first.console.waitFor('Loading Tiny Linux'));
    await far.server.drop();
    expect(await first.told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-unreachable' } },
    });
    await first.reached((state) => state.kind === 'paused' && state.by === 'disk');
    unwrap(await far.server.restore());
    unwrap(await first.session.disk.startStream(STREAM));
    unwrap(await first.console.login('root'));
    expect(sums(await inGuest(first.console, checkPrograms))).toEqual(programs);
    const beforePartition = await inGuest(
      first.console,
      'dd if=/dev/sda bs=1M count=1 2>/dev/null | sha256sum',
    );
    expect(beforePartition).toContain(sha256(master.subarray(0, MIB)));
    const note = await inGuest(
      first.console,
      'cd /root && dd if=/dev/urandom of=noise bs=64k count=48 2>/dev/null && sha256sum noise | tee noise.sum && sync',
    );
    await first.told.job('BLOCK_JOB_COMPLETED');
    expect(
      await inGuest(first.console, 'dmesg | grep -cE "lost interrupt|I/O error|EXT4-fs error" || true'),
    ).toBe('0\n');
    await powerOff(first);
    // Each connection that is made anew asks for the length; what was under way when the line was cut came twice.
    expect(far.server.statistics().bytesSent).toBeLessThan(master.length + 24 * MIB);
    await far.server.close();

    const whole = `${far.overlay}.raw`;
    execFileSync('qemu-img', ['check', '-f', 'qed', far.overlay]);
    execFileSync('qemu-img', ['convert', '-f', 'qed', '-O', 'raw', far.overlay, whole]);
    expect(checkExt(whole)).toMatchObject({ clean: true });
    expect(filesIn(whole, PROGRAMS, tempFolder())).toEqual(programs);

    const second = await boot(far, far.alone);
    unwrap(await second.console.login('root'));
    expect(await inGuest(second.console, 'cd /root && cat noise.sum')).toBe(note);
    expect(await inGuest(second.console, 'sha256sum -c noise.sum')).toBe('noise: OK\n');
    expect(sums(await inGuest(second.console, checkPrograms))).toEqual(programs);
    await powerOff(second);
  });
});

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { writeQed, writeRaw } from '../support/image-files.ts';
import { serve, type RangeServer } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MASTER_BYTES = 24 * MIB;

interface Far {
  readonly folder: string;
  readonly server: RangeServer;
  readonly overlay: string;
}

/** An overlay whose header names a master on a server. */
async function farOverlay(bitsPerSecond?: number): Promise<Far> {
  const folder = tempFolder();
  const master = path.join(folder, 'master.raw');
  writeRaw(master, MASTER_BYTES);
  const link = bitsPerSecond === undefined ? null : { bitsPerSecond, roundTripMs: 0 };
  const server = await serve(master, { link });
  const overlay = path.join(folder, 'disk.qed');
  await writeQed(overlay, { imageBytes: MASTER_BYTES, backing: { name: server.url, raw: true } });
  return { folder, server, overlay };
}

function expectComplete({ overlay, folder }: Far): void {
  const files = ['-f', 'qed', '-F', 'raw', overlay, path.join(folder, 'master.raw')];
  expect(execFileSync('qemu-img', ['compare', ...files], { encoding: 'utf8' })).toBe(
    'Images are identical.\n',
  );
  expect(fs.readdirSync(folder).sort()).toEqual(['disk.qed', 'master.raw']);
}

describe('headwater stream', () => {
  it('stops at Ctrl-C with status 130, and the next run fetches only the rest', async () => {
    const far = await farOverlay();
    const first = HeadwaterProcess.start(['stream', '--speed', '4M', far.overlay], { terminal: true });
    await first.waitFor(/[1-9]\d? %/);
    first.type('\x03');
    expect((await first.ended).code).toBe(130);
    const left = /interrupted with ([\d.]+) MiB to go; nothing is lost/.exec(first.output)?.[1];
    expect(fs.readdirSync(far.folder).sort()).toEqual(['disk.qed', 'master.raw']);

    const second = HeadwaterProcess.start(['stream', far.overlay]);
    expect((await second.ended).code).toBe(0);
    expect(second.stdout).toMatch(/100 % {2}complete: needs no backing file any more\n/);
    // From where the first one stopped.
    expect(second.stdout).not.toContain(' 0 %');
    const came = /disk\.qed': ([\d.]+) MiB in /.exec(second.stdout)?.[1];
    expect(Number(came)).toBeGreaterThan(0);
    expect(Number(came)).toBeLessThanOrEqual(Number(left));
    // Each run asks twice or thrice for a byte, to learn the length.
    expect(far.server.statistics().bytesSent).toBeLessThanOrEqual(MASTER_BYTES + 8);
    expectComplete(far);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no lock when %s comes at any moment', async (signal) => {
    const far = await farOverlay();
    for (const delayMs of [30, 90, 150, 210, 300]) {
      const run = HeadwaterProcess.start(['stream', '--speed', '1M', far.overlay]);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      run.signal(signal);
      const ended = await run.ended;
      // Before it could do any harm the process just ends.
      if (ended.signal === null) expect(ended.code).toBe(130);
      expect(fs.readdirSync(far.folder).sort()).toEqual(['disk.qed', 'master.raw']);
    }
  });

  it('waits for a source that is lost, says so, and goes on', async () => {
    const far = await farOverlay(40e6);
    const run = HeadwaterProcess.start(['stream', far.overlay]);
    await run.waitFor(/ %/);
    await far.server.drop();
    await run.waitFor(/waiting for the source: http:.*refuses connections|waiting for the source: http/);
    await far.server.restore();
    await run.waitFor(/the source is back/);
    expect((await run.ended).code).toBe(0);
    expectComplete(far);
  });

  it('can be interrupted while the source is lost', async () => {
    const far = await farOverlay(40e6);
    const run = HeadwaterProcess.start(['stream', far.overlay]);
    await run.waitFor(/ %/);
    far.server.pause();
    run.signal('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(fs.readdirSync(far.folder).sort()).toEqual(['disk.qed', 'master.raw']);
    far.server.resume();
  });

  it('tells the result as JSON', async () => {
    const far = await farOverlay();
    const run = HeadwaterProcess.start(['stream', '--json', far.overlay]);
    expect((await run.ended).code).toBe(0);
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual({
      image: far.overlay,
      result: 'completed',
      'local-bytes': MASTER_BYTES,
      'total-bytes': MASTER_BYTES,
      seconds: expect.any(Number) as number,
    });
    expectComplete(far);
  });

  it('streams down to a base, named from another folder', async () => {
    const { folder, overlay } = await farOverlay();
    const middle = path.join(folder, 'middle.qed');
    const top = path.join(folder, 'top.qed');
    await writeQed(middle, { imageBytes: MIB, backing: { name: 'master.raw', raw: true } });
    await writeQed(top, { imageBytes: MIB, backing: { name: 'middle.qed', raw: false } });
    const cwd = path.dirname(folder);
    const base = path.relative(cwd, path.join(folder, 'master.raw'));
    const run = HeadwaterProcess.start(['stream', '--quiet', '--base', base, top], { cwd });
    expect((await run.ended).code).toBe(0);
    expect(run.output).toBe('');
    const info = execFileSync('qemu-img', ['info', '--output=json', top], { encoding: 'utf8' });
    expect(JSON.parse(info)).toMatchObject({ 'backing-filename': 'master.raw' });
    const wrong = HeadwaterProcess.start(['stream', '--base', overlay, top]);
    expect((await wrong.ended).code).toBe(1);
    expect(wrong.stderr).toContain(overlay);
  });

  it('says who has the image, and what is wrong with one', async () => {
    const far = await farOverlay();
    const first = HeadwaterProcess.start(['stream', '--speed', '100k', far.overlay]);
    await first.waitFor(/ %/);
    const second = HeadwaterProcess.start(['stream', far.overlay]);
    expect((await second.ended).code).toBe(1);
    expect(second.stderr).toMatch(
      /^headwater stream: '.*disk\.qed' is already open for writing in process \d+; close it there first\n$/,
    );
    first.signal('SIGINT');
    await first.ended;
  });

  it('has nothing to do where an image stands alone', async () => {
    const alone = path.join(tempFolder(), 'alone.qed');
    await writeQed(alone, { imageBytes: MIB });
    const run = HeadwaterProcess.start(['stream', alone]);
    expect((await run.ended).code).toBe(0);
    expect(run.output).toContain('complete: needs no backing file any more');
  });
});

import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('headwater demo', () => {
  it('shows the whole life of a disk and ends with 0', async () => {
    const folder = tempFolder();
    const run = HeadwaterProcess.start(['demo', '--link', '200mbit,5ms', '--keep', folder]);
    expect(await run.ended, run.output).toEqual({ code: 0, signal: null });
    const inOrder = [
      /Serving Tiny Linux \(256 MiB\) at http:\/\/127\.0\.0\.1:\d+\/disk\.raw through a line of 200mbit,5ms/,
      /login prompt \d+ .* after the click, with [\d.]+ MiB fetched so far/,
      /\| Linux /,
      /\| [0-9a-f]{64} {2}\/root\/headwater-was-here\.data/,
      /complete: 2\d\d MiB came over the line in all/,
      /the guest has shut down/,
      /The server is gone/,
      /\| \/root\/headwater-was-here\.data: OK/,
      /the guest has shut down/,
      /Done: the overlay began as 320 KiB/,
    ];
    let rest = run.stdout;
    for (const pattern of inOrder) {
      const match = pattern.exec(rest);
      expect(match, `${String(pattern)} in ${rest}`).not.toBeNull();
      rest = rest.slice((match?.index ?? 0) + (match?.[0].length ?? 0));
    }
    expect(run.stderr).toBe('');
    expect(fs.readdirSync(folder)).toEqual(['tiny-linux.qed']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves nothing behind when %s comes at any moment',
    async (signal) => {
      for (const delayMs of [100, 300, 600, 1500, 4000]) {
        const folder = tempFolder();
        const run = HeadwaterProcess.start(['demo', '--link', '20mbit,30ms'], { env: { TMPDIR: folder } });
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        run.signal(signal);
        const ended = await run.ended;
        if (ended.signal === null) expect(ended.code).toBe(130);
        expect(fs.readdirSync(folder), `after ${delayMs} ms`).toEqual([]);
      }
    },
  );

  it('needs a guest to log in to', async () => {
    const run = HeadwaterProcess.start(['demo', 'disk-tour']);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toBe("headwater demo: 'disk-tour' has no login at its serial port to work in\n");
  });

  it('replaces no overlay that it kept', async () => {
    const folder = tempFolder();
    fs.writeFileSync(`${folder}/tiny-linux.qed`, 'precious');
    const run = HeadwaterProcess.start(['demo', '--keep', folder]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain(`${folder}/tiny-linux.qed`);
    expect(fs.readFileSync(`${folder}/tiny-linux.qed`, 'utf8')).toBe('precious');
  });
});

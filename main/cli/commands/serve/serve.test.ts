import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { HeadwaterProcess } from '../../../../test/support/headwater-process.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { EXIT } from '../../terminal.ts';
import { readCommandLine } from '../../arguments/command.ts';
import { SERVE } from './arguments.ts';
import { serveCommand } from './index.ts';

describe('the arguments of headwater serve', () => {
  it('are a folder, where to listen, and a line to simulate', () => {
    expect(unwrap(readCommandLine(SERVE, ['web']))).toEqual({
      folder: 'web',
      host: '127.0.0.1',
      port: 8080,
      link: null,
      quiet: false,
      json: false,
    });
    const all = ['-p', '0', '--host', '::', '--rate', '20mbit', '--latency', '30ms', '-q', '--json', 'web'];
    expect(unwrap(readCommandLine(SERVE, all))).toEqual({
      folder: 'web',
      host: '::',
      port: 0,
      link: { bitsPerSecond: 20e6, roundTripMs: 30 },
      quiet: true,
      json: true,
    });
    expect(unwrap(readCommandLine(SERVE, ['--latency', '5', 'x']))?.link).toEqual({
      bitsPerSecond: null,
      roundTripMs: 5,
    });
    expect(unwrap(readCommandLine(SERVE, ['-h']))).toBeNull();
  });

  it.each([
    [[], 'give one folder to serve'],
    [['a', 'b'], 'give one folder to serve'],
    [['-p', '70000', 'a'], '--port takes a number from 0 to 65535'],
    [['--rate', 'fast', 'a'], "'fast' is not a rate"],
    [['--latency', 'long', 'a'], "'long' is not a latency"],
    [['--latency', '1h', 'a'], "'1h' is not a latency"],
    [['/does/not/exist'], "'/does/not/exist' does not exist"],
  ])('are refused: %j', async (args, message) => {
    const terminal = new FakeTerminal();
    expect(await serveCommand.run(args, terminal)).toBe(
      args.includes('/does/not/exist') ? EXIT.failed : EXIT.misused,
    );
    expect(terminal.stderr).toMatch(/^headwater serve: .*\n$/);
    expect(terminal.stderr).toContain(message);
  });
});

describe('headwater serve', () => {
  function newFolder(): string {
    const folder = tempFolder();
    fs.writeFileSync(path.join(folder, 'file'), 'content of the file');
    return folder;
  }

  it('serves until it is interrupted, and lists what it is asked for', async () => {
    const server = HeadwaterProcess.start(['serve', newFolder(), '--port', '0']);
    const [url] = await server.waitFor(/http:\/\/127\.0\.0\.1:\d+\//);
    const range = await fetch(`${url}file`, { headers: { Range: 'bytes=0-6' } });
    expect([range.status, await range.text()]).toEqual([206, 'content']);
    expect((await fetch(url)).status).toBe(404);
    server.signal('SIGINT');
    expect((await server.ended).code).toBe(0);
    expect(server.output).toContain('206 GET /file 7 bytes\n');
    expect(server.output).toContain('answered 2 requests with 7 bytes\n');
  });

  it('tells the same in JSON, a line each', async () => {
    const server = HeadwaterProcess.start([
      'serve',
      newFolder(),
      '--port',
      '0',
      '--json',
      '--latency',
      '1ms',
    ]);
    const [line] = await server.waitFor(/\{"event":"listening".*\}/);
    const { urls } = JSON.parse(line) as { urls: string[] };
    expect((await fetch(`${urls[0] ?? ''}file`)).status).toBe(200);
    server.signal('SIGTERM');
    expect((await server.ended).code).toBe(0);
    const lines = server.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { event: string });
    expect(lines).toMatchObject([
      { event: 'listening', link: '1ms' },
      { event: 'request', path: '/file', status: 200 },
      { event: 'end', requests: 1, bytesSent: 19 },
    ]);
  });
});

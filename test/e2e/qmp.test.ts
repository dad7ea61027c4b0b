import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Debian's `socat`, with which people talk to QEMU's sockets by hand. */
class Socat {
  #said = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #looks = new Set<() => void>();

  constructor(socket: string) {
    this.#child = spawn('socat', ['-', `UNIX-CONNECT:${socket}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
      for (const look of [...this.#looks]) look();
    });
    this.#ended = once(this.#child, 'exit');
    onTestFinished(() => void this.#child.kill());
  }

  /** Types a line, and waits for what is to be said then. */
  async ask(line: string, answer: RegExp): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    return this.take(answer);
  }

  /** Waits for something to be said, and forgets everything up to its end. */
  take(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#said);
        if (match === null) return;
        this.#looks.delete(look);
        this.#said = this.#said.slice(match.index + match[0].length);
        resolve(match[0]);
      };
      this.#looks.add(look);
      void this.#ended.then(() => {
        reject(new Error(`socat has ended; ${String(pattern)} was never said: ${this.#said}`));
      });
      look();
    });
  }
}

const DONE = /\{"return": \{\}\}\r\n/;

/** A guest whose disk stays where it is, over a slow line, until a program says otherwise. */
async function startGuest(appliance: string, ready: RegExp) {
  const folder = tempFolder();
  const [overlay, socket] = [path.join(folder, 'disk.qed'), path.join(folder, 'qmp')];
  const options = ['--disk', overlay, '--stream', 'off', '--link', '100mbit,5ms', '--qmp', socket];
  const run = HeadwaterProcess.start(['run', ...options, appliance], { terminal: true });
  await run.take(ready);
  const client = new Socat(socket);
  await client.take(/"QMP".*\r\n/);
  await client.ask('{ "execute": "qmp_capabilities" }', DONE);
  return { run, client, overlay, socket };
}

describe('headwater run --qmp', () => {
  it('streams as in 2011: started, limited, cancelled, and started again to the end', async () => {
    // Its guest does not read all of its disk: that stays unfinished while the job has its limit.
    const { run, client, overlay } = await startGuest('tiny-linux', /starting Tiny Linux/);
    const device = '"device": "ide0-hd0"';
    await client.ask(`{ "execute": "block_stream", "arguments": { ${device} } }`, DONE);
    await client.ask(
      `{ "execute": "block_job_set_speed", "arguments": { ${device}, "value": 65536 } }`,
      DONE,
    );
    await client.ask('{ "execute": "query-block-jobs" }', /"speed": 65536.*"type": "stream"\}\]\}\r\n/);
    await client.ask(
      `{ "execute": "block_stream", "arguments": { ${device} } }`,
      /"class": "DeviceInUse", "desc": "Device 'ide0-hd0' is in use"/,
    );
    await client.ask(`{ "execute": "block_job_cancel", "arguments": { ${device} } }`, DONE);
    await client.ask('{ "execute": "query-block-jobs" }', /\{"return": \[\]\}\r\n/);
    await client.ask(
      `{ "execute": "block_job_cancel", "arguments": { ${device} } }`,
      /"class": "DeviceNotActive", "desc": "No active block job on device 'ide0-hd0'"/,
    );
    await client.ask(
      '{ "execute": "block_stream", "arguments": { "device": "none" } }',
      /"class": "DeviceNotFound", "desc": "Device 'none' not found"/,
    );
    await client.ask(`{ "execute": "block_stream", "arguments": { ${device} } }`, DONE);
    const completed = await client.take(/"event": "BLOCK_JOB_COMPLETED", "data": \{.*\}\}\r\n/);
    expect(completed).not.toContain('error');
    await run.take(/are local now/);
    await client.ask('{ "execute": "quit" }', DONE);
    await run.take(/Tiny Linux has stopped/);
    expect((await run.ended).code).toBe(0);
    expect(fs.readdirSync(path.dirname(overlay))).toEqual(['disk.qed']);
  });

  it('streams as today, and drives the machine', async () => {
    const { run, client } = await startGuest('disk-tour', /tour> /);
    await client.ask('{"execute":"query-status"}', /"status": "running"/);
    await client.ask('{"execute":"stop"}', /"event": "STOP"[^]*"return": \{\}/);
    await client.ask('{"execute":"query-status"}', /"status": "paused"/);
    await client.ask('{"execute":"cont"}', /"event": "RESUME"[^]*"return": \{\}/);
    run.type('w');
    await run.take(/counter 00000001 written/);
    await client.ask(
      '{"execute":"block-stream","arguments":{"device":"ide0-hd0","job-id":"fill","auto-dismiss":false}}',
      DONE,
    );
    await client.take(/"event": "BLOCK_JOB_COMPLETED", "data": \{"device": "fill".*"status": "concluded"/s);
    await client.ask('{"execute":"query-jobs"}', /"status": "concluded".*"id": "fill"\}\]\}/);
    await client.ask('{"execute":"job-dismiss","arguments":{"id":"fill"}}', /"status": "null", "id": "fill"/);
    await client.ask('{"execute":"query-block"}', /"backing_file_depth": 0/);
    await client.ask('{"execute":"system_reset"}', /"reason": "host-qmp-system-reset"/);
    await run.take(/tour> /);
    run.type('\x1dq');
    await client.take(/"event": "SHUTDOWN", "data": \{"guest": false, "reason": "host-ui"\}/);
    expect((await run.ended).code).toBe(0);
  });

  it('does not mind a client that is killed, and refuses a socket that is in use', async () => {
    const { run, client, socket } = await startGuest('disk-tour', /tour> /);
    const other = HeadwaterProcess.start(['run', '--disk', `${socket}.qed`, '--qmp', socket, 'disk-tour']);
    await other.waitFor(/a server listens there already/);
    expect((await other.ended).code).toBe(1);
    await client.ask('{"execute":"query-name"}', /Disk Tour/);
    const { pid } = spawn('socat', ['-', `UNIX-CONNECT:${socket}`], { stdio: 'pipe' });
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await client.ask('{"execute":"query-status"}', /"running": true/);
    run.type('\x1dq');
    await run.take(/has stopped/);
  });
});

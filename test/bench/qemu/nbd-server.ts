import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '../../../shared/result.ts';
import { workerScript } from '../../../main/threads/worker-script.ts';
import { collect, type Children } from '../workshop/children.ts';

const START_TIMEOUT_MS = 15_000;
/** The name under which all our servers export their disk. */
export const EXPORT = 'disk';

/** A disk QEMU serves over a Unix socket. */
export interface NbdServer {
  readonly pid: number;
  readonly uri: string;
  stop(): Promise<void>;
}

export function nbdUri(socket: string, name = EXPORT): string {
  return `nbd+unix:///${name}?socket=${socket}`;
}

/** `headwater nbd`, for the same clients. */
export function startOurNbd(children: Children, image: string, socket: string): Promise<Result<NbdServer>> {
  const args = ['nbd', '-f', 'qed', '-t', '-e', '4', '-k', socket, '-x', EXPORT, image];
  return startServer(children, process.execPath, [workerScript('main/cli/index'), ...args], socket);
}

/** `qemu-nbd` with its default cache mode, writeback: page cache on, flushes obeyed. */
export function startQemuNbd(children: Children, image: string, socket: string): Promise<Result<NbdServer>> {
  const args = ['--format=qed', '--cache=writeback', '--persistent', '--shared=4', `--socket=${socket}`];
  return startServer(children, 'qemu-nbd', [...args, `--export-name=${EXPORT}`, image], socket);
}

async function startServer(
  children: Children,
  command: string,
  args: readonly string[],
  socket: string,
): Promise<Result<NbdServer>> {
  const server = children.start(command, args);
  const complaints = collect(server.stderr);
  const stop = async () => {
    await children.kill(server);
    fs.rmSync(socket, { force: true });
  };
  if (await answers(socket)) return ok({ pid: server.pid ?? 0, uri: nbdUri(socket), stop });
  await stop();
  return err('io', `${command} does not start: ${complaints().trim()}`);
}

async function answers(socket: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 20) {
    if (await connects(socket)) return true;
    await sleep(20);
  }
  return false;
}

function connects(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.on('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', () => resolve(false));
  });
}

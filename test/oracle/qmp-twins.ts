/** The same machine twice, one QEMU's and one ours, each with a monitor; on copies of the same images. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { monitorOf } from '../../main/cli/commands/run/qmp.ts';
import { MachineSession } from '../../main/cli/machine-session.ts';
import type { JobEvent } from '../../main/streaming/job/job-events.ts';
import { startServer, uriOf } from '../support/foreign-server.ts';
import { QmpClient, type QmpLine } from '../support/qmp-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

export const DEVICE = 'drive0';

export interface Twin {
  readonly client: QmpClient;
  readonly socket: string;
  readonly folder: string;
  /** Resolves when the machine's program, or what stands for it, has ended. */
  readonly over: Promise<void>;
  /** Has reads of the base fail, or not; only where that was asked for. */
  baseFails(fails: boolean): void;
}

/** A base whose reads can be made to fail with an error of the system, the same for both. */
export type BaseError = 'EIO' | 'ENOSPC';

interface Images {
  readonly folder: string;
  /** A file, or the address of an export. */
  readonly base: string;
  readonly baseFails: (fails: boolean) => void;
}

/**
 * `top.qed` over `mid.qed` over `base.raw`, all of 4 MiB; 1 MiB of the base is data.
 * @param error serves the base over NBD, and makes reads of it fail with this where the test wants that
 */
async function makeImages(error: BaseError | null): Promise<Images> {
  const folder = tempFolder();
  const run = (program: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  };
  run('qemu-img', 'create', '-q', '-f', 'raw', 'base.raw', '4M');
  run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 1M', 'base.raw');
  const [socket, failing] = [path.join(folder, 'base.nbd'), path.join(folder, 'base-fails')];
  if (error !== null) {
    const errors = [`error-pread=${error}`, 'error-pread-rate=100%', `error-file=${failing}`];
    const args = [
      '-f',
      '-r',
      '-U',
      socket,
      '--filter=error',
      'file',
      path.join(folder, 'base.raw'),
      ...errors,
    ];
    await startServer('nbdkit', args, socket);
  }
  const base = error === null ? 'base.raw' : uriOf(socket);
  run('qemu-img', 'create', '-q', '-f', 'qed', '-b', base, '-F', 'raw', 'mid.qed', '4M');
  run('qemu-io', '-f', 'qed', '-c', 'write -P 2 2M 64k', 'mid.qed');
  run('qemu-img', 'create', '-q', '-f', 'qed', '-b', 'mid.qed', '-F', 'qed', 'top.qed', '4M');
  const baseFails = (fails: boolean) => {
    if (fails) fs.writeFileSync(failing, '');
    else fs.rmSync(failing, { force: true });
  };
  return { folder, base, baseFails };
}

/** Starts both, with clients that have agreed on capabilities. They end with the test. */
export async function startTwins(
  error: BaseError | null = null,
): Promise<{ readonly qemu: Twin; readonly ours: Twin }> {
  const [qemu, ours] = await Promise.all([startQemu(error), startOurs(error)]);
  return { qemu, ours };
}

async function startQemu(error: BaseError | null): Promise<Twin> {
  const { folder, baseFails } = await makeImages(error);
  const socket = path.join(folder, 'qmp');
  const names = ['', 'backing.', 'backing.backing.'].map(
    (prefix, depth) => `${prefix}node-name=node${depth},${prefix}file.node-name=node${depth}-file`,
  );
  const program = spawn(
    'qemu-system-i386',
    [
      ...['-nodefaults', '-display', 'none', '-accel', 'tcg', '-name', 'twin'],
      ...['-qmp', `unix:${socket},server=on,wait=off`],
      ...['-drive', `if=none,id=${DEVICE},format=qed,file=top.qed,${names.join(',')}`],
      ...['-device', `ide-hd,drive=${DEVICE}`],
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const over = once(program, 'exit').then(() => undefined);
  onTestFinished(async () => {
    program.kill();
    await over;
  });
  return { client: await clientOf(program, socket), socket, folder, over, baseFails };
}

/** The socket is there a moment before somebody listens. */
async function clientOf(program: ChildProcess, socket: string): Promise<QmpClient> {
  for (;;) {
    try {
      return await QmpClient.open(socket);
    } catch (error) {
      if (program.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function startOurs(error: BaseError | null): Promise<Twin> {
  const { folder, base, baseFails } = await makeImages(error);
  const socket = path.join(folder, 'qmp');
  let hearJob: (event: JobEvent) => void = () => {};
  const file = (name: string) => path.join(folder, name);
  const session = unwrap(
    await MachineSession.open({
      name: 'twin',
      memoryMiB: 32,
      stream: 'off',
      deviceName: DEVICE,
      chain: {
        location: file('top.qed'),
        format: 'qed',
        nodeName: 'node0',
        backing: {
          location: file('mid.qed'),
          format: 'qed',
          nodeName: 'node1',
          backing: {
            location: error === null ? file(base) : base,
            format: 'raw',
            nodeName: 'node2',
            backing: null,
          },
        },
      },
      listen: (event) => {
        if (event.kind === 'job') hearJob(event.event);
      },
    }),
  );
  const monitor = monitorOf(session, 'twin', DEVICE);
  hearJob = (event) => monitor.hearJob(event);
  const over = new Promise<void>((resolve) => {
    session.machine.on('state', ({ kind }) => {
      if (kind === 'stopped') resolve();
    });
  });
  onTestFinished(async () => {
    unwrap(await session.close());
    await monitor.close();
  });
  unwrap(await session.machine.start());
  unwrap(await monitor.listen({ kind: 'unix', path: socket }));
  return { client: await QmpClient.open(socket), socket, folder, over, baseFails };
}

/** What two servers may say differently, taken out. */
export function normalised(line: QmpLine, { folder }: Pick<Twin, 'folder'>): unknown {
  const text = JSON.stringify(line, (name, value: unknown) => {
    if (['timestamp', 'id', 'qdev', 'actual-size', 'busy'].includes(name) && typeof value !== 'string') {
      return undefined;
    }
    return name === 'qdev' || (name === 'id' && String(value).startsWith('client-')) ? undefined : value;
  });
  return JSON.parse(text.replaceAll(`${folder}/`, ''));
}

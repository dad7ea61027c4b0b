import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Figures } from '../measure/interleave.ts';
import { collect, type Children } from '../workshop/children.ts';

export interface QemuBoot {
  /** `-drive`'s value, without interface and id. */
  readonly drive: string;
  readonly memoryMiB: number;
  readonly prompt: string;
  readonly patienceMs: number;
  /** Where a socket may be made. */
  readonly socket: string;
}

const statsSchema = z.object({
  return: z.array(z.object({ device: z.string(), stats: z.object({ rd_total_time_ns: z.number() }) })),
});

/**
 * Boots a disk in QEMU without acceleration, as v86 has none, up to its login prompt.
 * @returns seconds from the start of the process: `login`; and `waiting`, what its reads took together
 */
export async function bootQemu(children: Children, boot: QemuBoot): Promise<Result<Figures>> {
  const startedMs = performance.now();
  const child = children.start('qemu-system-i386', [
    ...[
      '-machine',
      'pc,accel=tcg',
      '-m',
      String(boot.memoryMiB),
      '-display',
      'none',
      '-nic',
      'none',
      '-no-reboot',
    ],
    ...['-drive', `if=ide,id=disk,${boot.drive}`, '-serial', 'stdio'],
    ...['-qmp', `unix:${boot.socket},server=on,wait=off`],
  ]);
  const prompted = await untilPrompt(child, 'qemu-system-i386', boot);
  const login = (performance.now() - startedMs) / 1000;
  const waiting = prompted.ok ? await readSeconds(boot.socket) : prompted;
  await children.kill(child);
  return waiting.ok ? ok({ login, waiting: waiting.value }) : waiting;
}

/** Waits until a guest whose serial line comes out of a program prompts. Fails when that ends, or takes too long. */
export function untilPrompt(
  child: ChildProcessWithoutNullStreams,
  program: string,
  { prompt, patienceMs }: Pick<QemuBoot, 'prompt' | 'patienceMs'>,
): Promise<Result<void>> {
  const complaints = collect(child.stderr);
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(
      () => resolve(err('io', `the guest of ${program} did not prompt: ${said.slice(-200)}`)),
      patienceMs,
    );
    child.stdout.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('latin1')).slice(-4000);
      if (!said.includes(prompt)) return;
      clearTimeout(timer);
      resolve(ok(undefined));
    });
    child.once('close', () => {
      clearTimeout(timer);
      resolve(err('io', `${program} ended: ${complaints().trim()}`));
    });
  });
}

async function readSeconds(socketPath: string): Promise<Result<number>> {
  const socket = net.connect(socketPath);
  try {
    for (const execute of ['qmp_capabilities', 'query-blockstats']) {
      socket.write(`${JSON.stringify({ execute })}\n`);
    }
    for await (const line of createInterface({ input: socket })) {
      const parsed = statsSchema.safeParse(JSON.parse(line));
      const disk = parsed.success ? parsed.data.return.find(({ device }) => device === 'disk') : undefined;
      if (disk !== undefined) return ok(disk.stats.rd_total_time_ns / 1e9);
    }
    return err('io', "QEMU's monitor told nothing of the disk");
  } finally {
    socket.destroy();
  }
}

import { performance } from 'node:perf_hooks';
import path from 'node:path';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { packageRoot } from '../../../main/threads/worker-script.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { interleave, type Duel, type Figures } from '../measure/interleave.ts';
import { rowOf, type Row } from '../measure/row.ts';
import { blockStream } from '../qemu/block-stream.ts';
import { runRole } from '../roles/role.ts';
import { createOverlay, overlayChain } from '../workshop/images.ts';

const TIMEOUT_MS = 90_000;

export const localStream: BenchCase = {
  name: 'local-stream',
  title: 'Streaming from a local file',
  sides: {
    ours: 'DiskThread.startStream; the second row of each pair is `headwater stream` as a whole process',
    qemu: 'block-stream by QMP in qemu-storage-daemon, default cache (writeback); second row: the whole process',
  },
  needs: ['qemu-storage-daemon'],
  async run(bench) {
    const random = await duel(bench, bench.masters.random());
    const sparse = await duel(bench, bench.masters.halfZero());
    return [...rowsOf(random, 'incompressible'), ...rowsOf(sparse, 'half holes')];
  },
};

function duel(bench: Bench, master: string): Promise<Duel> {
  const ours = () => onNewOverlay(bench, master, (overlay) => streamOurs(bench, overlay, master));
  const imageBytes = bench.masters.sizeBytes;
  const qemu = () =>
    onNewOverlay(bench, master, (overlay) =>
      blockStream(bench.children, { overlay, imageBytes, timeoutMs: TIMEOUT_MS }),
    );
  return interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
}

function onNewOverlay<T>(bench: Bench, master: string, use: (overlay: string) => Promise<T>): Promise<T> {
  return bench.workshop.scratch('.qed', async (overlay) => {
    await createOverlay(overlay, master, bench.masters.sizeBytes);
    return use(overlay);
  });
}

async function streamOurs(bench: Bench, overlay: string, master: string): Promise<Result<Figures>> {
  const imageBytes = bench.masters.sizeBytes;
  const streamed = await runRole(
    bench.children,
    'stream',
    { chain: overlayChain(overlay, master), imageBytes },
    TIMEOUT_MS,
  );
  if (!streamed.ok) return streamed;
  const process = await onNewOverlay(bench, master, (second) => streamByCommand(bench, second));
  return process.ok ? ok({ ...streamed.value, processRate: process.value }) : process;
}

/** @returns MiB of guest range per second, from the start of the process to its end */
async function streamByCommand(bench: Bench, overlay: string): Promise<Result<number>> {
  const command = path.join(packageRoot(), 'dist/main/cli/index.js');
  const startedMs = performance.now();
  const run = await bench.children.run(process.execPath, [command, 'stream', '--quiet', overlay], TIMEOUT_MS);
  const elapsedMs = performance.now() - startedMs;
  return run.ok
    ? ok((bench.masters.sizeBytes / MIB / elapsedMs) * 1000)
    : err('io', `headwater stream: ${run.failure.message}`);
}

function rowsOf(duel: Duel, master: string): Row[] {
  return [
    rowOf(duel, {
      label: `stream, ${master}`,
      unit: 'MiB/s',
      figure: 'rate',
      better: 'higher',
      target: { kind: 'against-qemu', atLeast: 1.3 },
    }),
    rowOf(duel, {
      label: `  as a whole process`,
      unit: 'MiB/s',
      figure: 'processRate',
      better: 'higher',
      target: { kind: 'against-qemu', atLeast: 1.3 },
    }),
    rowOf(duel, { label: '  processor time', unit: 'ms', figure: 'cpuMs', better: 'lower' }),
  ];
}

import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Bench, BenchCase } from '../bench.ts';
import type { Figures } from '../measure/interleave.ts';
import { blockStreamOffset, exportOverlay, startBlockStream } from '../qemu/block-stream.ts';
import { fioOverNbd } from '../qemu/fio.ts';
import { nbdUri } from '../qemu/nbd-server.ts';
import type { StorageDaemon } from '../qemu/storage-daemon.ts';
import { runRole } from '../roles/role.ts';
import { copyImage, overlayChain } from '../workshop/images.ts';
import { LOCAL, measureLatencies, type Phase, type Region } from './latency-phases.ts';

const TIMEOUT_MS = 60_000;
const WARM_UP_MS = 300;

export const guestLatency: BenchCase = {
  name: 'guest-latency',
  title: 'Latency of 4 KiB random guest reads, one at a time, while the disk is streamed from a local file',
  sides: {
    ours: 'through a BlockPort from another thread; copy-on-read on; 0.3 s of warming up',
    qemu: "qemu-storage-daemon's NBD export over a Unix socket, read by fio; default cache; no copy-on-read when idle",
  },
  needs: ['qemu-storage-daemon', 'fio'],
  run: (bench) =>
    measureLatencies(
      bench,
      (template, phase, region) => ours({ bench, template }, phase, region),
      (template, phase, region) => qemu({ bench, template }, phase, region),
      { timesIdle: 2 },
    ),
};

interface Setting {
  readonly bench: Bench;
  /** An overlay of which the first part is local. */
  readonly template: string;
}

function durationMsOf({ quick }: Bench): number {
  return quick ? 500 : 1500;
}

function ours({ bench, template }: Setting, phase: Phase, region: Region): Promise<Result<Figures>> {
  return bench.workshop.scratch('.qed', async (overlay) => {
    copyImage(template, overlay);
    return runRole(
      bench.children,
      'guest',
      {
        chain: overlayChain(overlay, bench.masters.long()),
        through: 'port',
        work: {
          kind: 'random-reads',
          region: region.range,
          depth: 1,
          durationMs: durationMsOf(bench),
        },
        warmUp: { region: LOCAL.range, durationMs: WARM_UP_MS },
        ...(phase.speed !== null && { streamSpeed: phase.speed }),
      },
      TIMEOUT_MS,
    );
  });
}

function qemu(setting: Setting, phase: Phase, region: Region): Promise<Result<Figures>> {
  const { bench, template } = setting;
  return bench.workshop.scratch('.qed', (overlay) =>
    bench.workshop.scratch('.sock', async (socket) => {
      copyImage(template, overlay);
      const started = await exportOverlay(bench.children, overlay, socket);
      if (!started.ok) return started;
      try {
        return await readWhile(setting, started.value, { phase, region, uri: nbdUri(socket) });
      } finally {
        await started.value.kill();
      }
    }),
  );
}

async function readWhile(
  { bench }: Setting,
  daemon: StorageDaemon,
  { phase, region, uri }: { phase: Phase; region: Region; uri: string },
): Promise<Result<Figures>> {
  const reads = {
    uri,
    region: region.range,
    depth: 1,
    durationMs: durationMsOf(bench),
    reportFile: bench.workshop.path('fio'),
  };
  if (phase.speed === null) return fioOverNbd(bench.children, reads);
  const accepted = await startBlockStream(daemon, phase.speed);
  if (!accepted.ok) return accepted;
  const startedMs = performance.now();
  const before = await blockStreamOffset(daemon);
  const read = await fioOverNbd(bench.children, reads);
  const after = await blockStreamOffset(daemon);
  const elapsedMs = performance.now() - startedMs;
  for (const end of [before, read, after]) if (!end.ok) return end;
  if (!before.ok || !read.ok || !after.ok) return read;
  if (after.value === null) return err('io', 'block-stream ended before the reads did');
  const streamedBytes = after.value - (before.value ?? 0);
  return ok({ ...read.value, streamRate: (streamedBytes / MIB / elapsedMs) * 1000 });
}

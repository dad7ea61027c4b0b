import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Range } from '../../../main/block/range.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { figureOf, interleave, type Duel, type Figures } from '../measure/interleave.ts';
import { rowOf, type Row } from '../measure/row.ts';
import { blockdevOf, blockStreamOffset, NODE, startBlockStream } from '../qemu/block-stream.ts';
import { fioOverNbd } from '../qemu/fio.ts';
import { nbdUri } from '../qemu/nbd-server.ts';
import { StorageDaemon } from '../qemu/storage-daemon.ts';
import { runRole } from '../roles/role.ts';
import { copyImage, createOverlay, makeLocal, overlayChain } from '../workshop/images.ts';

const TIMEOUT_MS = 60_000;
/** The beginning of the disk is local before anything starts. */
const LOCAL_BYTES = 64 * MIB;
const WARM_UP_MS = 300;
/** A guest's read is to take at most so many times what one of a local disk takes while nothing else happens. */
const AT_MOST = 2;

const PHASES = [
  { name: 'idle', speed: null },
  { name: 'streaming at full speed', speed: 0 },
  { name: 'streaming at 50 MiB/s', speed: 50 * MIB },
] as const;

type Phase = (typeof PHASES)[number];

export const guestLatency: BenchCase = {
  name: 'guest-latency',
  title: 'Latency of 4 KiB random guest reads, one at a time, while the disk is streamed from a local file',
  sides: {
    ours: 'through a BlockPort from another thread; copy-on-read on; 0.3 s of warming up',
    qemu: "qemu-storage-daemon's NBD export over a Unix socket, read by fio; default cache; no copy-on-read when idle",
  },
  needs: ['qemu-storage-daemon', 'fio'],
  run: (bench) =>
    bench.workshop.scratch('-template.qed', async (template) => {
      const { masters, rounds } = bench;
      await createOverlay(template, masters.random(), masters.sizeBytes);
      await makeLocal(template, masters.random(), LOCAL_BYTES);
      const setting = { bench, template };
      const duel = await interleave(
        rounds,
        () => allPhases(bench, (phase, region) => ours(setting, phase, region)),
        bench.withQemu ? () => allPhases(bench, (phase, region) => qemu(setting, phase, region)) : null,
      );
      return rowsOf(bench, duel);
    }),
};

interface Setting {
  readonly bench: Bench;
  /** An overlay of which the first part is local. */
  readonly template: string;
}

interface Region {
  readonly name: string;
  readonly range: Range;
}

const LOCAL: Region = { name: 'local part', range: { offset: 0, length: LOCAL_BYTES } };

function regionsOf({ masters }: Bench): Region[] {
  return [
    LOCAL,
    {
      name: 'part being streamed',
      range: { offset: LOCAL_BYTES, length: masters.sizeBytes - LOCAL_BYTES },
    },
  ];
}

async function allPhases(
  bench: Bench,
  measure: (phase: Phase, region: Region) => Promise<Result<Figures>>,
): Promise<Result<Figures>> {
  const figures: Record<string, number> = {};
  for (const region of regionsOf(bench)) {
    for (const phase of PHASES) {
      const measured = await measure(phase, region);
      if (!measured.ok) return measured;
      for (const [name, value] of Object.entries(measured.value)) figures[key(phase, region, name)] = value;
    }
  }
  return ok(figures);
}

function key(phase: Phase, region: Region, figure: string): string {
  return `${phase.name}/${region.name}/${figure}`;
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
        chain: overlayChain(overlay, bench.masters.random()),
        through: 'port',
        work: {
          kind: 'random-reads',
          region: region.range,
          depth: 1,
          durationMs: durationMsOf(bench),
        },
        warmUp: { region: { offset: 0, length: LOCAL_BYTES }, durationMs: WARM_UP_MS },
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
      const started = await StorageDaemon.start(bench.children, [
        ...blockdevOf(overlay),
        ...['--nbd-server', `addr.type=unix,addr.path=${socket}`],
        ...['--export', `type=nbd,id=export,node-name=${NODE},name=disk,writable=on`],
      ]);
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

function rowsOf(bench: Bench, duel: Duel): Row[] {
  return regionsOf(bench).flatMap((region) => PHASES.flatMap((phase) => rowsOfPhase(duel, region, phase)));
}

function rowsOfPhase(duel: Duel, region: Region, phase: Phase): Row[] {
  const reference = figureOf(duel.ours, key(PHASES[0], LOCAL, 'p99'));
  const target = { kind: 'against-own', atMost: AT_MOST, of: 'idle, local', reference } as const;
  const latency = { unit: 'µs', better: 'lower' } as const;
  const streams = phase.speed !== null;
  return [
    rowOf(duel, {
      ...latency,
      label: `guest read, ${region.name}, ${phase.name}: p50`,
      figure: key(phase, region, 'p50'),
    }),
    rowOf(duel, {
      ...latency,
      label: '  p99',
      figure: key(phase, region, 'p99'),
      ...(streams && { target }),
    }),
    ...(streams
      ? [
          rowOf(duel, {
            label: '  streamed meanwhile',
            unit: 'MiB/s',
            better: 'higher',
            figure: key(phase, region, 'streamRate'),
          }),
        ]
      : []),
  ];
}

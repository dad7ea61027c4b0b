import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Bench, BenchCase } from '../bench.ts';
import type { Figures } from '../measure/interleave.ts';
import { blockStreamOffset, exportOverlay, startBlockStream } from '../qemu/block-stream.ts';
import { fioOverNbd } from '../qemu/fio.ts';
import { nbdUri } from '../qemu/nbd-server.ts';
import { copyImage, overlayChain } from '../workshop/images.ts';
import { LineProcess } from '../roles/line-process.ts';
import { measureLatencies, type MeasurePhase, type Phase, type Region } from './latency-phases.ts';

/** Both are warm by then: ours has been compiled, QEMU's tables are read. */
const WARM_UP_MS = 1000;

export const nbdLatency: BenchCase = {
  name: 'nbd-latency',
  title:
    'Latency of 4 KiB random reads over NBD, one at a time, while the disk is streamed from a local file',
  sides: {
    ours: "a disk's thread serves a Unix socket; copy-on-read on; read by fio after 1 s of warming up",
    qemu: "qemu-storage-daemon's export and block-stream; default cache; the same client",
  },
  needs: ['qemu-storage-daemon', 'fio'],
  run: (bench) =>
    measureLatencies(bench, withServer(bench, ourServer), withServer(bench, qemuServer), {
      timesIdle: 1.3,
      timesQemu: 1,
    }),
};

/** Serves an overlay, and fills it when it is told. */
interface StreamingServer {
  stream(speed: number): Promise<Result<unknown>>;
  /** How far the stream is; null where it is over. */
  offset(): Promise<Result<number | null>>;
  stop(): Promise<void>;
}

type Start = (bench: Bench, overlay: string, socket: string) => Promise<Result<StreamingServer>>;

async function ourServer(
  { children, masters }: Bench,
  overlay: string,
  socket: string,
): Promise<Result<StreamingServer>> {
  const server = LineProcess.start(children, 'nbd', {
    chain: overlayChain(overlay, masters.long()),
    socket,
  });
  await server.nextLine();
  const ask = async (line: string) => {
    const offset = Number(await server.ask(line));
    return ok(offset < 0 ? null : offset);
  };
  return ok({
    stream: (speed) => ask(`stream ${speed}`),
    offset: () => ask('offset'),
    stop: () => server.stop(),
  });
}

async function qemuServer(
  { children }: Bench,
  overlay: string,
  socket: string,
): Promise<Result<StreamingServer>> {
  const daemon = await exportOverlay(children, overlay, socket);
  if (!daemon.ok) return daemon;
  return ok({
    stream: (speed) => startBlockStream(daemon.value, speed),
    offset: () => blockStreamOffset(daemon.value),
    stop: () => daemon.value.kill(),
  });
}

function withServer(bench: Bench, start: Start): MeasurePhase {
  return (template, phase, region) =>
    bench.workshop.scratch('.qed', (overlay) =>
      bench.workshop.scratch('.sock', async (socket) => {
        copyImage(template, overlay);
        const server = await start(bench, overlay, socket);
        if (!server.ok) return server;
        try {
          return await readWhile(bench, { server: server.value, overlay, socket }, phase, region);
        } finally {
          await server.value.stop();
        }
      }),
    );
}

interface Served {
  readonly server: StreamingServer;
  readonly overlay: string;
  readonly socket: string;
}

async function readWhile(
  bench: Bench,
  { server, overlay, socket }: Served,
  phase: Phase,
  region: Region,
): Promise<Result<Figures>> {
  const begin = { atMs: 0, bytes: 0 };
  const durationMs = bench.quick ? 300 : 600;
  const read = await fioOverNbd(bench.children, {
    uri: nbdUri(socket),
    region: region.range,
    depth: 1,
    durationMs,
    reportFile: bench.workshop.path('fio'),
    warmUp: {
      durationMs: WARM_UP_MS,
      then: async () => {
        if (phase.speed === null) return ok(undefined);
        begin.bytes = fs.statSync(overlay).size;
        const begun = await server.stream(phase.speed);
        begin.atMs = performance.now();
        return begun;
      },
    },
  });
  if (!read.ok || phase.speed === null) return read;
  const offset = await server.offset();
  if (!offset.ok) return offset;
  if (offset.value === null) return err('io', 'the stream ended before the reads did');
  const elapsedMs = performance.now() - begin.atMs;
  // Not by how far the job is: it counts in another order where it follows the guest.
  const streamedBytes = fs.statSync(overlay).size - begin.bytes;
  return ok({ ...read.value, streamRate: (streamedBytes / MIB / elapsedMs) * 1000 });
}

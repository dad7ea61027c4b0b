import path from 'node:path';
import { ok, type Result } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import type { LinkShape } from '../../../main/serve/link-spec.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { interleave, type Duel, type Figures } from '../measure/interleave.ts';
import { rowOf } from '../measure/row.ts';
import { blockStream } from '../qemu/block-stream.ts';
import { runRole } from '../roles/role.ts';
import { createOverlay, overlayChain } from '../workshop/images.ts';
import { startServerProcess, type ServerProcess } from '../roles/range-server-process.ts';

const TIMEOUT_MS = 60_000;
/** QEMU needs one and a half minutes for the whole over a long line, at an even pace. */
const QEMU_CUT_MS = 10_000;
const QEMU_QUICK_CUT_MS = 5_000;
/** A TCP window as one finds them: what one connection has under way per round trip. */
const WINDOW_BYTES = 256 * KIB;

export const httpStream: BenchCase = {
  name: 'http-stream',
  title: 'Streaming over HTTP, server on the same machine',
  sides: {
    ours: 'DiskThread.startStream with its default of 8 connections',
    qemu: 'block-stream in qemu-storage-daemon, default cache and read-ahead; at 20 ms its rate over the first 10 s',
  },
  needs: ['qemu-storage-daemon', 'block-curl'],
  async run(bench) {
    const near = await duel(bench, null);
    const far = await duel(bench, { bitsPerSecond: null, roundTripMs: 20, windowBytes: WINDOW_BYTES });
    return [
      rowOf(near, {
        label: 'stream over HTTP, 0 ms',
        unit: 'MiB/s',
        figure: 'rate',
        better: 'higher',
        target: { kind: 'against-qemu', atLeast: 1.2 },
      }),
      rowOf(near, { label: '  bytes moved', unit: 'MiB', figure: 'movedMiB', better: 'lower' }),
      rowOf(far, {
        label: 'stream over HTTP, 20 ms',
        unit: 'MiB/s',
        figure: 'rate',
        better: 'higher',
        target: { kind: 'against-qemu', atLeast: 10 },
      }),
    ];
  },
};

async function duel(bench: Bench, link: LinkShape | null): Promise<Duel> {
  const { children, masters, workshop } = bench;
  const imageBytes = masters.sizeBytes;
  const name = path.basename(masters.random());
  const server = await startServerProcess(children, workshop.folder, link);
  const source = `${server.url}${name}`;
  const onOverlay = (use: (overlay: string) => Promise<Result<Figures>>) =>
    workshop.scratch('.qed', async (overlay) => {
      await createOverlay(overlay, source, imageBytes);
      return countingBytes(server, () => use(overlay));
    });
  const ours = () =>
    onOverlay((overlay) =>
      runRole(children, 'stream', { chain: overlayChain(overlay, source), imageBytes }, TIMEOUT_MS),
    );
  const cut = link !== null && { cutAfterMs: bench.quick ? QEMU_QUICK_CUT_MS : QEMU_CUT_MS };
  const qemu = () =>
    onOverlay((overlay) => blockStream(children, { overlay, imageBytes, timeoutMs: TIMEOUT_MS, ...cut }));
  const result = await interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
  await server.stop();
  return result;
}

async function countingBytes(
  server: ServerProcess,
  measure: () => Promise<Result<Figures>>,
): Promise<Result<Figures>> {
  const before = await server.bytesSent();
  const measured = await measure();
  const movedMiB = ((await server.bytesSent()) - before) / MIB;
  return measured.ok ? ok({ ...measured.value, movedMiB }) : measured;
}

import path from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { publishMaster } from '../../../main/masters/publish/publish-master.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { publishedLayer } from '../../../main/storage/chain/published-master.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { interleave, type Figures } from '../measure/interleave.ts';
import { rowOf } from '../measure/row.ts';
import { blockStream } from '../qemu/block-stream.ts';
import { runRole } from '../roles/role.ts';
import { createOverlay, overlayChain } from '../workshop/images.ts';
import { startServerProcess } from '../roles/range-server-process.ts';

const TIMEOUT_MS = 60_000;

export const verifiedStream: BenchCase = {
  name: 'verified-stream',
  title: 'Streaming a published master over HTTP, each chunk verified, server on the same machine',
  sides: {
    ours: 'DiskThread.startStream over the verified master, and over the same file without its hashes',
    qemu: 'block-stream in qemu-storage-daemon, which verifies nothing',
  },
  needs: ['qemu-storage-daemon', 'block-curl'],
  async run(bench) {
    const { children, masters, rounds, withQemu, workshop } = bench;
    const imageBytes = masters.sizeBytes;
    const published = await publish(bench);
    const server = await startServerProcess(children, workshop.folder, null);
    const folder = `${server.url}masters/${published.sha256}/`;
    const backing = publishedLayer({ description: published, sources: [folder] });
    const source = backing.location;
    const stream = (chainOf: (overlay: string) => ImageChain) =>
      onOverlay(bench, source, (overlay) =>
        runRole(children, 'stream', { chain: chainOf(overlay), imageBytes }, TIMEOUT_MS),
      );
    const ours = async (): Promise<Result<Figures>> => {
      const verified = await stream((overlay) => ({ location: overlay, format: 'qed', backing }));
      if (!verified.ok) return verified;
      const plain = await stream((overlay) => overlayChain(overlay, source));
      return plain.ok ? ok({ ...verified.value, plainRate: plain.value['rate'] ?? NaN }) : plain;
    };
    const qemu = () =>
      onOverlay(bench, source, (overlay) =>
        blockStream(children, { overlay, imageBytes, timeoutMs: TIMEOUT_MS }),
      );
    const duel = await interleave(rounds, ours, withQemu ? qemu : null);
    await server.stop();
    return [
      rowOf(duel, { label: 'verified stream over HTTP', unit: 'MiB/s', figure: 'rate', better: 'higher' }),
      rowOf(duel, { label: '  without hashes', unit: 'MiB/s', figure: 'plainRate', better: 'higher' }),
    ];
  },
};

async function publish({ masters, workshop }: Bench) {
  const source: ImageChain = { location: path.resolve(masters.random()), format: 'raw', backing: null };
  const { signal } = new AbortController();
  const context = { clock: systemClock, signal, progress: () => undefined };
  return unwrap(await publishMaster({ source, out: workshop.folder }, context)).description;
}

function onOverlay(
  { masters, workshop }: Bench,
  source: string,
  use: (overlay: string) => Promise<Result<Figures>>,
): Promise<Result<Figures>> {
  return workshop.scratch('.qed', async (overlay) => {
    await createOverlay(overlay, source, masters.sizeBytes);
    return use(overlay);
  });
}

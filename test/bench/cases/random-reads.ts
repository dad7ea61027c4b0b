import type { Bench, BenchCase } from '../bench.ts';
import { interleave } from '../measure/interleave.ts';
import { rowOf, type Row } from '../measure/row.ts';
import { fioOverNbd } from '../qemu/fio.ts';
import { qemuImgBench } from '../qemu/image-bench.ts';
import { startQemuNbd } from '../qemu/nbd-server.ts';
import { runRole } from '../roles/role.ts';
import { INSIDE_CLUSTER_BYTES, SCATTER_STEP_BYTES, type StridedAccess } from '../workshop/strided.ts';
import { createOverlay, imageChain, makeLocal } from '../workshop/images.ts';

const TIMEOUT_MS = 60_000;
const WARM_UP_MS = 300;

export const randomReads: BenchCase = {
  name: 'random-reads',
  title: '4 KiB random reads of a complete local image in the page cache',
  sides: {
    ours: 'through a BlockPort from another thread; "inside": in the thread of the disk',
    qemu: 'qemu-nbd (writeback) over a Unix socket, read by fio; "inside": qemu-img bench',
  },
  needs: ['qemu-nbd', 'qemu-img', 'fio'],
  run: (bench) =>
    bench.workshop.scratch('.qed', async (image) => {
      await createOverlay(image, bench.masters.random(), bench.masters.sizeBytes);
      await makeLocal(image, bench.masters.random(), bench.masters.sizeBytes);
      const rows: Row[] = [];
      for (const depth of [1, 16]) rows.push(...(await acrossBorder(bench, image, depth)));
      for (const depth of [1, 16]) rows.push(await inside(bench, image, depth));
      return rows;
    }),
};

async function acrossBorder(bench: Bench, image: string, depth: number): Promise<Row[]> {
  const { children, workshop, masters } = bench;
  const access = {
    region: { offset: 0, length: masters.sizeBytes },
    depth,
    durationMs: bench.quick ? 700 : 1500,
  };
  const ours = () =>
    runRole(
      children,
      'guest',
      {
        chain: imageChain(image),
        through: 'port',
        work: { kind: 'random-reads', ...access },
        warmUp: { region: access.region, durationMs: WARM_UP_MS },
      },
      TIMEOUT_MS,
    );
  const qemu = async () => {
    const server = await startQemuNbd(children, image, workshop.path('nbd'));
    if (!server.ok) return server;
    const { uri } = server.value;
    const read = await fioOverNbd(children, { uri, ...access, reportFile: workshop.path('fio') });
    await server.value.stop();
    return read;
  };
  const duel = await interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
  return [
    rowOf(duel, { label: `random reads, qd${depth}`, unit: 'IOPS', figure: 'iops', better: 'higher' }),
    rowOf(duel, { label: '  p50', unit: 'µs', figure: 'p50', better: 'lower' }),
    rowOf(duel, { label: '  p99', unit: 'µs', figure: 'p99', better: 'lower' }),
  ];
}

async function inside(bench: Bench, image: string, depth: number): Promise<Row> {
  const { children } = bench;
  const access: StridedAccess = {
    write: false,
    count: bench.quick ? 5000 : 30_000,
    depth,
    startBytes: INSIDE_CLUSTER_BYTES,
    stepBytes: SCATTER_STEP_BYTES,
  };
  const ours = () =>
    runRole(
      children,
      'guest',
      {
        chain: imageChain(image),
        through: 'direct',
        work: { kind: 'strided', ...access },
        warmUp: { region: { offset: 0, length: bench.masters.sizeBytes }, durationMs: WARM_UP_MS },
      },
      TIMEOUT_MS,
    );
  const qemu = () => qemuImgBench(children, { format: 'qed', image }, access, TIMEOUT_MS);
  const duel = await interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
  return rowOf(duel, {
    label: `random reads inside, qd${depth}`,
    unit: 'IOPS',
    figure: 'iops',
    better: 'higher',
  });
}

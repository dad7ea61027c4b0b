import type { Bench, BenchCase } from '../bench.ts';
import { interleave } from '../measure/interleave.ts';
import { rowOf, type Row } from '../measure/row.ts';
import { qemuImgBench } from '../qemu/image-bench.ts';
import { runRole } from '../roles/role.ts';
import { INSIDE_CLUSTER_BYTES, SCATTER_STEP_BYTES, type StridedAccess } from '../workshop/strided.ts';
import { createOverlay, overlayChain } from '../workshop/images.ts';

const TIMEOUT_MS = 60_000;

interface Variant {
  readonly label: string;
  readonly depth: number;
  readonly flushEvery?: number;
  readonly atLeast?: number;
}

const VARIANTS: readonly Variant[] = [
  { label: 'allocating writes, qd1', depth: 1 },
  { label: 'allocating writes, qd16', depth: 16, atLeast: 5 },
  { label: '  flush every 32, qd1', depth: 1, flushEvery: 32 },
  { label: '  flush every 32, qd16', depth: 16, flushEvery: 32 },
];

export const allocatingWrites: BenchCase = {
  name: 'allocating-writes',
  title: '4 KiB writes into an empty overlay, each into the middle of another cluster, last flush included',
  sides: {
    ours: 'through a BlockPort from another thread',
    qemu: 'qemu-img bench -w -t writeback: inside its own process, no socket in between; the same offsets',
  },
  needs: ['qemu-img'],
  async run(bench) {
    const rows: Row[] = [];
    for (const variant of VARIANTS) rows.push(await measure(bench, variant));
    return rows;
  },
};

async function measure(bench: Bench, { label, depth, flushEvery, atLeast }: Variant): Promise<Row> {
  const { children, workshop, masters } = bench;
  const master = masters.random();
  const access: StridedAccess = {
    write: true,
    count: bench.quick ? 1000 : 3000,
    depth,
    startBytes: INSIDE_CLUSTER_BYTES,
    stepBytes: SCATTER_STEP_BYTES,
    ...(flushEvery !== undefined && { flushEvery }),
  };
  const onOverlay = <T>(use: (overlay: string) => Promise<T>) =>
    workshop.scratch('.qed', async (overlay) => {
      await createOverlay(overlay, master, masters.sizeBytes);
      return use(overlay);
    });
  const ours = () =>
    onOverlay((overlay) =>
      runRole(
        children,
        'guest',
        { chain: overlayChain(overlay, master), through: 'port', work: { kind: 'strided', ...access } },
        TIMEOUT_MS,
      ),
    );
  const qemu = () =>
    onOverlay((overlay) => qemuImgBench(children, { format: 'qed', image: overlay }, access, TIMEOUT_MS));
  const duel = await interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
  return rowOf(duel, {
    label,
    unit: 'IOPS',
    figure: 'iops',
    better: 'higher',
    ...(atLeast !== undefined && { target: { kind: 'against-qemu', atLeast } }),
  });
}

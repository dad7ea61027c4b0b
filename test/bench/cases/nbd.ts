import type { Result } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { interleave, type Figures } from '../measure/interleave.ts';
import { rowOf, type Row } from '../measure/row.ts';
import { fioOverNbd, type NbdLoad } from '../qemu/fio.ts';
import { startOurNbd, startQemuNbd, type NbdServer } from '../qemu/nbd-server.ts';
import { createOverlay, makeLocal } from '../workshop/images.ts';

interface Variant {
  readonly label: string;
  readonly pattern: NonNullable<NbdLoad['pattern']>;
  readonly blockBytes: number;
  readonly depth: number;
  readonly atLeast: number;
  /** Into an overlay that holds nothing yet. */
  readonly empty?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { label: 'NBD random reads, qd1', pattern: 'randread', blockBytes: 4 * KIB, depth: 1, atLeast: 1.2 },
  { label: 'NBD random reads, qd16', pattern: 'randread', blockBytes: 4 * KIB, depth: 16, atLeast: 1.5 },
  { label: 'NBD reads of 64 KiB', pattern: 'read', blockBytes: 64 * KIB, depth: 16, atLeast: 1 },
  { label: 'NBD reads of 1 MiB', pattern: 'read', blockBytes: MIB, depth: 8, atLeast: 1 },
  { label: 'NBD writes of 64 KiB', pattern: 'write', blockBytes: 64 * KIB, depth: 16, atLeast: 1 },
  { label: 'NBD writes of 1 MiB', pattern: 'write', blockBytes: MIB, depth: 8, atLeast: 1 },
  {
    label: 'NBD allocating writes, qd16',
    pattern: 'randwrite',
    blockBytes: 4 * KIB,
    depth: 16,
    atLeast: 5,
    empty: true,
  },
];

export const nbd: BenchCase = {
  name: 'nbd',
  title: 'A disk served over NBD on a Unix socket, read and written by fio',
  sides: {
    ours: 'headwater nbd',
    qemu: 'qemu-nbd (writeback); the same client, the same overlay made anew for each side',
  },
  needs: ['qemu-nbd', 'fio'],
  async run(bench) {
    const rows: Row[] = [];
    for (const variant of VARIANTS) rows.push(await measure(bench, variant));
    return rows;
  },
};

async function measure(bench: Bench, variant: Variant): Promise<Row> {
  const duel = await interleave(
    bench.rounds,
    () => load(bench, variant, startOurNbd),
    bench.withQemu ? () => load(bench, variant, startQemuNbd) : null,
  );
  return rowOf(duel, {
    label: variant.label,
    unit: variant.blockBytes > 4 * KIB ? 'MiB/s' : 'IOPS',
    figure: variant.blockBytes > 4 * KIB ? 'rate' : 'iops',
    better: 'higher',
    target: { kind: 'against-qemu', atLeast: variant.atLeast },
  });
}

function load(
  { children, workshop, masters, quick }: Bench,
  { pattern, blockBytes, depth, empty = false }: Variant,
  start: typeof startQemuNbd,
): Promise<Result<Figures>> {
  return workshop.scratch('.qed', async (image) => {
    await createOverlay(image, masters.random(), masters.sizeBytes);
    if (!empty) await makeLocal(image, masters.random(), masters.sizeBytes);
    const started = await start(children, image, workshop.path('nbd'));
    if (!started.ok) return started;
    const server: NbdServer = started.value;
    const region = { offset: 0, length: masters.sizeBytes };
    const durationMs = quick ? 700 : 1500;
    const reportFile = workshop.path('fio');
    const figures = await fioOverNbd(children, {
      ...{ uri: server.uri, region, depth, durationMs, reportFile },
      ...{ pattern, blockBytes },
    });
    await server.stop();
    return figures;
  });
}

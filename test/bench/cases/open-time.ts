import path from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { GIB, TIB } from '../../../shared/units.ts';
import { openChain } from '../../../main/storage/chain/open.ts';
import { packageRoot } from '../../../main/threads/worker-script.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { figureOf, interleave, type Duel, type Figures, type Measure } from '../measure/interleave.ts';
import { rowOf, type Row, type RowSpec } from '../measure/row.ts';
import { runRole } from '../roles/role.ts';
import { createImage, imageChain } from '../workshop/images.ts';

const TIMEOUT_MS = 30_000;
const OPEN_REPETITIONS = 200;
/** "Independent of the size", with room for noise. */
const AT_MOST = 1.5;

interface Images {
  readonly small: string;
  readonly large: string;
}

export const openTime: BenchCase = {
  name: 'open-time',
  title: 'Opening an image of 1 GiB and one of 16 TiB',
  sides: {
    ours: 'in this process, lock included (median of 200); `headwater image info` and `headwater io -c quit`',
    qemu: 'qemu-img info and qemu-io -c quit; it has no way to open one without starting a process',
  },
  needs: ['qemu-img', 'qemu-io'],
  run: (bench) =>
    bench.workshop.scratch('-1g.qed', (small) =>
      bench.workshop.scratch('-16t.qed', async (large) => {
        await createSpread(small, GIB);
        await createSpread(large, 16 * TIB);
        return measure(bench, { small, large });
      }),
    ),
};

/** An image with data at its beginning, in its middle and at its end, so that there are tables to find. */
async function createSpread(file: string, imageBytes: number): Promise<void> {
  await createImage(file, imageBytes);
  const disk = unwrap(await openChain(imageChain(file), { clock: systemClock, readOnly: false }));
  for (const offset of [0, imageBytes / 2, imageBytes - 4096]) {
    unwrap(await disk.write(offset, new Uint8Array(4096).fill(1)));
  }
  unwrap(await disk.close());
}

async function measure(bench: Bench, images: Images): Promise<Row[]> {
  const { children, rounds } = bench;
  const cli = path.join(packageRoot(), 'dist/main/cli/index.js');
  const headwater = (...words: string[]) =>
    ofBoth(images, (file) => run(process.execPath, cli, ...words, file));
  const qemu = (...words: [string, ...string[]]) => ofBoth(images, (file) => run(...words, file));
  const run = async (command: string, ...args: string[]): Promise<Result<number>> => {
    const ended = await children.run(command, args, TIMEOUT_MS);
    return ended.ok ? ok(ended.value.elapsedMs) : ended;
  };
  const inProcess = await interleave(
    rounds,
    () => runRole(children, 'open', { images: { ...images }, repetitions: OPEN_REPETITIONS }, TIMEOUT_MS),
    null,
  );
  const more = rounds * 3;
  const info = await interleave(
    more,
    headwater('image', 'info', '-f', 'qed'),
    bench.withQemu ? qemu('qemu-img', 'info', '-f', 'qed') : null,
  );
  const io = await interleave(
    more,
    headwater('io', '-f', 'qed', '-c', 'quit'),
    bench.withQemu ? qemu('qemu-io', '-f', 'qed', '-c', 'quit') : null,
  );
  return [
    ...rowsOf(inProcess, 'open in process'),
    ...rowsOf(info, 'process: image info'),
    ...rowsOf(io, 'process: io -c quit'),
  ];
}

function ofBoth(images: Images, open: (file: string) => Promise<Result<number>>): Measure {
  return async (): Promise<Result<Figures>> => {
    const small = await open(images.small);
    if (!small.ok) return small;
    const large = await open(images.large);
    return large.ok ? ok({ small: small.value, large: large.value }) : large;
  };
}

function rowsOf(duel: Duel, label: string): Row[] {
  const common: Omit<RowSpec, 'label' | 'figure'> = { unit: 'ms', better: 'lower' };
  const reference = figureOf(duel.ours, 'small');
  const target = { kind: 'against-own', atMost: AT_MOST, of: '1 GiB', reference } as const;
  return [
    rowOf(duel, { ...common, label: `${label}, 1 GiB`, figure: 'small' }),
    rowOf(duel, { ...common, label: `${label}, 16 TiB`, figure: 'large', target }),
  ];
}

import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { interleave, type Figures } from '../measure/interleave.ts';
import { rowOf } from '../measure/row.ts';
import { qemuImgBench } from '../qemu/image-bench.ts';
import { nbdUri, startQemuNbd, type NbdServer } from '../qemu/nbd-server.ts';
import { StorageDaemon } from '../qemu/storage-daemon.ts';
import { runRole } from '../roles/role.ts';
import { SCATTER_STEP_BYTES, type StridedAccess } from '../workshop/strided.ts';
import { copyImage, createOverlay, makeLocal, overlayChain } from '../workshop/images.ts';
import { memoryOf } from '../workshop/process-figures.ts';

const TIMEOUT_MS = 60_000;
const DISKS = 16;
const LOCAL_BYTES = 16 * MIB;
/** Enough to load what a disk needs to serve requests. */
const READS: StridedAccess = {
  write: false,
  count: 256,
  depth: 1,
  startBytes: 0,
  stepBytes: SCATTER_STEP_BYTES,
};

export const memory: BenchCase = {
  name: 'memory',
  title: 'Memory per open disk, after 256 reads of each',
  sides: {
    ours: 'growth of one process with 1, 4 and 16 DiskThreads (resident; each disk has its own thread)',
    qemu: 'growth of one qemu-storage-daemon with as many disks and NBD exports; last row: proportional memory of 16 qemu-nbd',
  },
  needs: ['qemu-storage-daemon', 'qemu-nbd', 'qemu-img'],
  run: async (bench) => {
    const images = Array.from({ length: DISKS }, (_, number) => bench.workshop.path(`memory-${number}.qed`));
    const [first = '', ...others] = images;
    await createOverlay(first, bench.masters.random(), bench.masters.sizeBytes);
    await makeLocal(first, bench.masters.random(), LOCAL_BYTES);
    for (const other of others) copyImage(first, other);
    return measure(bench, images);
  },
};

async function measure(bench: Bench, images: readonly string[]) {
  const rounds = Math.min(bench.rounds, 2);
  const ours = async (): Promise<Result<Figures>> => {
    const grown = await runRole(
      bench.children,
      'memory',
      { chains: images.map((file) => overlayChain(file, bench.masters.random())), reads: READS },
      TIMEOUT_MS,
    );
    return grown.ok ? ok(perDisk(grown.value)) : grown;
  };
  const daemon = await interleave(rounds, ours, bench.withQemu ? () => daemonGrowth(bench, images) : null);
  const processes = {
    ours: daemon.ours,
    qemu: bench.withQemu ? (await interleave(rounds, () => processMemory(bench, images), null)).ours : null,
  };
  const common = { unit: 'MiB', better: 'lower' } as const;
  return [
    rowOf(daemon, { ...common, label: 'memory of the first disk', figure: 'first' }),
    rowOf(daemon, { ...common, label: '  each further one, of 4', figure: 'ofFour' }),
    rowOf(daemon, { ...common, label: '  each further one, of 16', figure: 'ofSixteen' }),
    rowOf(processes, { ...common, label: '  beside one qemu-nbd for each', figure: 'ofSixteen' }),
  ];
}

/** From what a process had with 0, 1, 4 and 16 disks open. */
function perDisk({ after0 = NaN, after1 = NaN, after4 = NaN, after16 = NaN }: Figures): Figures {
  return { first: after1 - after0, ofFour: (after4 - after1) / 3, ofSixteen: (after16 - after1) / 15 };
}

async function daemonGrowth(bench: Bench, images: readonly string[]): Promise<Result<Figures>> {
  const socket = bench.workshop.path('memory-nbd');
  const started = await StorageDaemon.start(bench.children, [
    ...['--nbd-server', `addr.type=unix,addr.path=${socket}`],
  ]);
  if (!started.ok) return started;
  const daemon = started.value;
  try {
    const figures: Record<string, number> = { after0: memoryOf(daemon.pid).residentMiB };
    for (const [number, filename] of images.entries()) {
      const node = `disk${number}`;
      const steps: [string, object][] = [
        ['blockdev-add', { driver: 'qed', 'node-name': node, file: { driver: 'file', filename } }],
        ['block-export-add', { type: 'nbd', id: node, 'node-name': node, writable: true }],
      ];
      for (const [command, args] of steps) {
        const done = await daemon.execute(command, args);
        if (!done.ok) return done;
      }
      const image = nbdUri(socket, node);
      const read = await qemuImgBench(bench.children, { format: 'raw', image }, READS, TIMEOUT_MS);
      if (!read.ok) return read;
      figures[`after${number + 1}`] = memoryOf(daemon.pid).residentMiB;
    }
    return ok(perDisk(figures));
  } finally {
    await daemon.kill();
  }
}

/** All of them at once, so that what they share is shared. */
async function processMemory(bench: Bench, images: readonly string[]): Promise<Result<Figures>> {
  const servers: NbdServer[] = [];
  try {
    for (const [number, image] of images.entries()) {
      const server = await startQemuNbd(bench.children, image, bench.workshop.path(`memory-nbd-${number}`));
      if (!server.ok) return server;
      servers.push(server.value);
      const disk = { format: 'raw', image: server.value.uri } as const;
      const read = await qemuImgBench(bench.children, disk, READS, TIMEOUT_MS);
      if (!read.ok) return read;
    }
    const total = servers.reduce((sum, { pid }) => sum + memoryOf(pid).proportionalMiB, 0);
    return total > 0 ? ok({ ofSixteen: total / servers.length }) : err('io', 'the system tells no memory');
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

import path from 'node:path';
import { ok, type Result } from '../../../../shared/result.ts';
import { MIB } from '../../../../shared/units.ts';
import type { MasterDescription } from '../../../../shared/master.ts';
import { publishedLayer } from '../../../../main/storage/chain/published-master.ts';
import type { Bench, BenchCase } from '../../bench.ts';
import { figureOf, interleave, type Duel, type Figures } from '../../measure/interleave.ts';
import { rowOf, type Row, type RowSpec, type Target } from '../../measure/row.ts';
import { bootQemu } from '../../qemu/boot.ts';
import { runRole } from '../../roles/role.ts';
import { startServerProcess, type ServerProcess } from '../../roles/range-server-process.ts';
import { downloadSeconds } from './download.ts';
import { recordMaster, type RecordedMaster } from './recorded-master.ts';

const LINE = { bitsPerSecond: 20e6, roundTripMs: 30 };
const PATIENCE_MS = 1_200_000;
const CREATE_MS = 60_000;
/** Bytes that come while a boot has all its data in its pack, for each byte of the pack: hashes of chunks that are zero. */
const MOST_BESIDE_PACK = 1.02;

/** How much of the boot is known, and what else is fetched. */
type Way = 'pack' | 'profile' | 'demand';

export const bootTinyLinux = bootCase('tiny-linux', false);
export const bootDebian = bootCase('debian-minimal', true);

function bootCase(id: string, isJudged: boolean): BenchCase {
  return {
    name: `boot-${id}`,
    title: `Time to the login prompt of ${id} over 20 Mbit/s and 30 ms, from a master nobody has seen before`,
    sides: {
      ours: 'v86 on an overlay over the published master: with its pack, with its profile and the stream, on demand only',
      qemu: 'qemu-system-i386 (TCG) on a qcow2 overlay over the same disk by HTTP, copy-on-read=on; and on a local disk',
    },
    onlyByName: true,
    needs: ['qemu-img', 'block-curl', 'qemu-system-i386'],
    run: (bench) => run(bench, id, isJudged),
  };
}

async function run(bench: Bench, id: string, isJudged: boolean): Promise<readonly Row[]> {
  const recorded = await recordMaster(bench.workshop, id);
  if (!recorded.ok) return [failed(`boot of ${id}`, recorded.failure.message)];
  const master = recorded.value;
  const server = await startServerProcess(bench.children, bench.workshop.folder, LINE);
  let download: Result<number> | undefined;
  const ours = async (): Promise<Result<Figures>> => {
    const figures: Record<string, number> = {};
    for (const way of ['pack', 'profile', 'demand'] as const) {
      const booted = await bootOverLine(bench, master, server, way);
      if (!booted.ok) return booted;
      for (const [name, value] of Object.entries(booted.value)) figures[`${way}-${name}`] = value;
    }
    const local = await bootLocally(bench, master);
    if (!local.ok) return local;
    // Minutes on a line that is as quick in every round.
    download ??= await downloadSeconds(
      `${server.url}masters/${master.description.sha256}/disk.raw`,
      bench.quick ? 16 * MIB : Infinity,
    );
    if (!download.ok) return download;
    return ok({ ...figures, local: local.value['login'] ?? NaN, download: download.value });
  };
  const qemu = () => bootInQemu(bench, master, server);
  const duel = await interleave(bench.rounds, ours, bench.withQemu ? qemu : null);
  await server.stop();
  return rows(duel, master.description, isJudged);
}

/** Boots over the line, from an empty overlay, knowing what `way` says. */
async function bootOverLine(
  { children, workshop }: Bench,
  { memoryMiB, prompt, description }: RecordedMaster,
  server: ServerProcess,
  way: Way,
): Promise<Result<Figures>> {
  const plain = { ...description, bootPack: undefined, bootProfile: undefined };
  const known: Readonly<Record<Way, MasterDescription>> = {
    pack: description,
    profile: { ...description, bootPack: undefined },
    demand: plain,
  };
  const source = `${server.url}masters/${description.sha256}/`;
  const backing = publishedLayer({ description: known[way], sources: [source] });
  return workshop.scratch('.qed', async (location) => {
    const before = await server.bytesSent();
    const booted = await runRole(
      children,
      'boot',
      {
        chain: { location, format: 'qed', backing },
        imageBytes: description.lengthBytes,
        memoryMiB,
        prompt,
        stream: way === 'profile' ? 'image' : 'off',
        patienceMs: PATIENCE_MS,
      },
      2 * PATIENCE_MS,
    );
    if (!booted.ok) return booted;
    const MiB = ((await server.bytesSent()) - before) / MIB;
    const { login = NaN, ready } = booted.value;
    if (ready === undefined) return ok({ ...booted.value, MiB });
    // Hashes come beside the pack. Data that did was there at the latest when the prompt was.
    const packMiB = (description.bootPack?.lengthBytes ?? NaN) / MIB;
    return ok({ ...booted.value, MiB, ready: MiB <= MOST_BESIDE_PACK * packMiB ? ready : login });
  });
}

/** The emulator's own time: the master lies on this computer. */
async function bootLocally({ children, workshop }: Bench, master: RecordedMaster): Promise<Result<Figures>> {
  const { memoryMiB, prompt, description, folder } = master;
  const backing = publishedLayer({ description, sources: [folder] });
  return workshop.scratch('.qed', (location) =>
    runRole(
      children,
      'boot',
      {
        chain: { location, format: 'qed', backing },
        imageBytes: description.lengthBytes,
        memoryMiB,
        prompt,
        stream: 'off',
        patienceMs: PATIENCE_MS,
      },
      2 * PATIENCE_MS,
    ),
  );
}

async function bootInQemu(
  { children, workshop }: Bench,
  { memoryMiB, prompt, description, folder }: RecordedMaster,
  server: ServerProcess,
): Promise<Result<Figures>> {
  const boot = (backing: string, more: string) =>
    workshop.scratch('.qcow2', async (overlay) => {
      const args = [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-F',
        'raw',
        '-b',
        backing,
        overlay,
        String(description.lengthBytes),
      ];
      const created = await children.run('qemu-img', args, CREATE_MS);
      if (!created.ok) return created;
      return workshop.scratch('.sock', (socket) =>
        bootQemu(children, {
          drive: `file=${overlay},format=qcow2${more}`,
          memoryMiB,
          prompt,
          patienceMs: PATIENCE_MS,
          socket,
        }),
      );
    });
  const local = await boot(path.join(folder, 'disk.raw'), '');
  if (!local.ok) return local;
  const before = await server.bytesSent();
  const far = await boot(`${server.url}masters/${description.sha256}/disk.raw`, ',copy-on-read=on');
  if (!far.ok) return far;
  const MiB = ((await server.bytesSent()) - before) / MIB;
  const { login = NaN, waiting = NaN } = far.value;
  const figures: Record<string, number> = { local: local.value['login'] ?? NaN, 'pack-ready': waiting };
  for (const way of ['pack', 'profile', 'demand']) {
    figures[`${way}-login`] = login;
    figures[`${way}-waiting`] = waiting;
    figures[`${way}-MiB`] = MiB;
  }
  return ok(figures);
}

function rows(duel: Duel, { bootProfile }: MasterDescription, isJudged: boolean): Row[] {
  const judged = (target: Target) => (isJudged ? { target } : {});
  const bootMiB = (bootProfile?.bootBytes ?? NaN) / MIB;
  const row = (label: string, figure: string, more: Partial<RowSpec> = {}) =>
    rowOf(duel, { label, unit: 's', figure, better: 'lower', ...more });
  const alone: Duel = { ours: duel.ours, qemu: null };
  return [
    row('data is ready for the login', 'pack-ready', judged({ kind: 'against-qemu', atLeast: 4 })),
    rowOf(alone, {
      label: '  beside downloading the disk',
      unit: 's',
      figure: 'pack-ready',
      better: 'lower',
      ...judged({
        kind: 'against-own',
        atMost: 1 / 20,
        of: 'the download',
        reference: figureOf(duel.ours, 'download'),
      }),
    }),
    row('download of the whole disk', 'download'),
    row('waiting for data, with pack', 'pack-waiting'),
    row('  with profile and stream', 'profile-waiting'),
    row('  on demand', 'demand-waiting'),
    row('login, with pack', 'pack-login'),
    row('  with profile and stream', 'profile-login'),
    row('  on demand', 'demand-login'),
    row('  local disk: own time', 'local'),
    row('fetched, with pack', 'pack-MiB', {
      unit: 'MiB',
      ...judged({
        kind: 'against-own',
        atMost: 1.15,
        of: 'what the boot reads',
        reference: duel.ours.rounds.map(() => bootMiB),
      }),
    }),
    row('  with profile and stream', 'profile-MiB', { unit: 'MiB' }),
    row('  on demand', 'demand-MiB', { unit: 'MiB' }),
  ];
}

/** Without a master there is nothing to measure, and that is a failure. */
function failed(label: string, message: string): Row {
  const duel: Duel = { ours: { rounds: [null], failures: [message] }, qemu: null };
  return rowOf(duel, { label, unit: 's', figure: 'login', better: 'lower' });
}

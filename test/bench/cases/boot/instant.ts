import fs from 'node:fs';
import { ok } from '../../../../shared/result.ts';
import { MIB } from '../../../../shared/units.ts';
import type { Bench, BenchCase } from '../../bench.ts';
import { interleave } from '../../measure/interleave.ts';
import { rowOf, type Row, type RowSpec } from '../../measure/row.ts';
import { runRole } from '../../roles/role.ts';
import { startServerProcess } from '../../roles/range-server-process.ts';
import { recordMaster } from './recorded-master.ts';

const LINE = { bitsPerSecond: 20e6, roundTripMs: 30 };
const PATIENCE_MS = 300_000;

export const instantTinyLinux = instantCase('tiny-linux');
export const instantDebian = instantCase('debian-minimal');

function instantCase(id: string): BenchCase {
  return {
    name: `instant-${id}`,
    title: `Time to the login prompt of ${id} over 20 Mbit/s and 30 ms, from the state that is published with its master`,
    sides: {
      ours: 'an empty overlay, the state downloaded and restored, copy-on-read; nothing is here before',
      qemu: null,
    },
    needs: [],
    // Recording it takes minutes.
    onlyByName: true,
    run: (bench) => run(bench, id),
  };
}

async function run(bench: Bench, id: string): Promise<readonly Row[]> {
  const { workshop, children, rounds } = bench;
  const recorded = await recordMaster(workshop, id, { save: true });
  if (!recorded.ok) {
    const duel = { ours: { rounds: [null], failures: [recorded.failure.message] }, qemu: null };
    return [rowOf(duel, { label: `instant start of ${id}`, unit: 's', figure: 'login', better: 'lower' })];
  }
  const { description, memoryMiB, prompt } = recorded.value;
  const server = await startServerProcess(children, workshop.folder, LINE);
  const published = { description, sources: [`${server.url}masters/${description.sha256}/`] };
  const measure = () =>
    workshop.scratch('.qed', async (location) => {
      const before = await server.bytesSent();
      const given = { published, location, memoryMiB, prompt, patienceMs: PATIENCE_MS };
      const started = await runRole(children, 'instant', given, 2 * PATIENCE_MS);
      fs.rmSync(`${location}.state`, { force: true });
      if (!started.ok) return started;
      return ok({ ...started.value, MiB: ((await server.bytesSent()) - before) / MIB });
    });
  const duel = await interleave(rounds, measure, null);
  await server.stop();
  const row = (label: string, figure: string, more: Partial<RowSpec> = {}) =>
    rowOf(duel, { label, unit: 's', figure, better: 'lower', ...more });
  return [
    row(`instant start of ${id}, prompt shown`, 'login', {
      target: { kind: 'bound', better: 'lower', bound: 8 },
    }),
    row('  prompt answers', 'answers'),
    row('  download of the state', 'download'),
    row('  restore', 'restore'),
    row('  waiting for data', 'waiting'),
    row('  fetched', 'MiB', { unit: 'MiB' }),
  ];
}

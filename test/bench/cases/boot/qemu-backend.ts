import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance, type InstalledAppliance } from '../../../../main/appliances/built-appliances.ts';
import { appliancesFolder } from '../../../../main/cli/places.ts';
import { packageRoot } from '../../../../main/threads/worker-script.ts';
import type { Bench, BenchCase } from '../../bench.ts';
import { interleave, type Figures } from '../../measure/interleave.ts';
import { rowOf, type Row } from '../../measure/row.ts';
import { bootQemu, untilPrompt } from '../../qemu/boot.ts';

const APPLIANCES = ['tiny-linux', 'debian-minimal'];
const PATIENCE_MS = 600_000;
const CREATE_MS = 60_000;

export const qemuBackEnd: BenchCase = {
  name: 'qemu-backend',
  title: 'Time to the login prompt of a machine in QEMU, its disk empty over a local master',
  sides: {
    ours: '`headwater run --backend qemu --accel off` from its call on: QED overlay, over NBD, streaming behind',
    qemu: 'qemu-system-i386 (TCG) on a local qcow2 overlay over the same file',
  },
  onlyByName: true,
  needs: ['qemu-img', 'qemu-system-i386'],
  async run(bench) {
    const rows: Row[] = [];
    for (const id of APPLIANCES) {
      const found = findBuiltAppliance(appliancesFolder(), id);
      const none = err('not-found', `${id} is not built; run: headwater appliances build ${id}`);
      const duel = await interleave(
        bench.rounds,
        async () => (found.ok ? inHeadwater(bench, id, promptOf(found.value)) : none),
        bench.withQemu && found.ok ? () => inPlainQemu(bench, found.value) : null,
      );
      rows.push(rowOf(duel, { label: `login of ${id}`, unit: 's', figure: 'login', better: 'lower' }));
    }
    return rows;
  },
};

function promptOf({ description }: InstalledAppliance): string {
  return description.serial?.loginPrompt ?? 'login: ';
}

function inHeadwater({ children, workshop }: Bench, id: string, prompt: string): Promise<Result<Figures>> {
  return workshop.scratch('.qed', async (overlay) => {
    const startedMs = performance.now();
    const command = path.join(packageRoot(), 'dist/main/cli/index.js');
    const options = ['--backend', 'qemu', '--accel', 'off', '--disk', overlay];
    const child = children.start(process.execPath, [command, 'run', ...options, id]);
    const prompted = await untilPrompt(child, 'headwater run', { prompt, patienceMs: PATIENCE_MS });
    const login = (performance.now() - startedMs) / 1000;
    await children.kill(child);
    return prompted.ok ? ok({ login }) : prompted;
  });
}

function inPlainQemu(
  { children, workshop }: Bench,
  { description, masterPath }: InstalledAppliance,
): Promise<Result<Figures>> {
  return workshop.scratch('.qcow2', async (overlay) => {
    const args = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', masterPath, overlay];
    const created = await children.run('qemu-img', args, CREATE_MS);
    if (!created.ok) return created;
    return workshop.scratch('.sock', (socket) =>
      bootQemu(children, {
        drive: `file=${overlay},format=qcow2`,
        memoryMiB: description.memoryMiB,
        prompt: promptOf({ description, masterPath }),
        patienceMs: PATIENCE_MS,
        socket,
      }),
    );
  });
}

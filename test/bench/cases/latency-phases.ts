import { ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Range } from '../../../main/block/range.ts';
import type { Bench } from '../bench.ts';
import { figureOf, interleave, type Duel, type Figures } from '../measure/interleave.ts';
import { rowOf, type Row, type RowSpec, type Target } from '../measure/row.ts';
import { createOverlay, makeLocal } from '../workshop/images.ts';

/** The beginning of the disk is local before anything starts. */
export const LOCAL: Region = { name: 'local part', range: { offset: 0, length: 64 * MIB } };

export const PHASES = [
  { name: 'idle', speed: null },
  { name: 'streaming at full speed', speed: 0 },
  { name: 'streaming at 50 MiB/s', speed: 50 * MIB },
] as const;

export type Phase = (typeof PHASES)[number];

export interface Region {
  readonly name: string;
  readonly range: Range;
}

/** @returns `p50`, `p99`, and while it streams `streamRate` */
export type MeasurePhase = (template: string, phase: Phase, region: Region) => Promise<Result<Figures>>;

export interface LatencyTargets {
  /** The 99th percentile beside a stream is to be at most so many times that of a local read while nothing happens. */
  readonly timesIdle: number;
  /** It is to be so many times better than QEMU's, where that is asked. */
  readonly timesQemu?: number;
}

/** How long guests wait for 4 KiB in every phase, in each part of a disk that is streamed from a local file. */
export function measureLatencies(
  bench: Bench,
  ours: MeasurePhase,
  qemu: MeasurePhase,
  targets: LatencyTargets,
): Promise<readonly Row[]> {
  return bench.workshop.scratch('-template.qed', async (template) => {
    const { masters, rounds } = bench;
    await createOverlay(template, masters.long(), masters.longBytes);
    await makeLocal(template, masters.long(), LOCAL.range.length);
    const duel = await interleave(
      rounds,
      () => allPhases(bench, template, ours),
      bench.withQemu ? () => allPhases(bench, template, qemu) : null,
    );
    return regionsOf(bench).flatMap((region) =>
      PHASES.flatMap((phase) => rowsOfPhase(duel, region, phase, targets)),
    );
  });
}

function regionsOf({ masters }: Bench): Region[] {
  const { length } = LOCAL.range;
  return [
    LOCAL,
    { name: 'part being streamed', range: { offset: length, length: masters.longBytes - length } },
  ];
}

async function allPhases(bench: Bench, template: string, measure: MeasurePhase): Promise<Result<Figures>> {
  const figures: Record<string, number> = {};
  for (const region of regionsOf(bench)) {
    for (const phase of PHASES) {
      const measured = await measure(template, phase, region);
      if (!measured.ok) return measured;
      for (const [name, value] of Object.entries(measured.value)) figures[key(phase, region, name)] = value;
    }
  }
  return ok(figures);
}

function key(phase: Phase, region: Region, figure: string): string {
  return `${phase.name}/${region.name}/${figure}`;
}

function rowsOfPhase(
  duel: Duel,
  region: Region,
  phase: Phase,
  { timesIdle, timesQemu }: LatencyTargets,
): Row[] {
  const row = (label: string, figure: string, more: Partial<RowSpec> = {}) =>
    rowOf(duel, { label, unit: 'µs', better: 'lower', figure: key(phase, region, figure), ...more });
  const p50 = row(`guest read, ${region.name}, ${phase.name}: p50`, 'p50');
  if (phase.speed === null) return [p50, row('  p99', 'p99')];
  const reference = figureOf(duel.ours, key(PHASES[0], LOCAL, 'p99'));
  const againstIdle: Target = { kind: 'against-own', atMost: timesIdle, of: 'idle, local', reference };
  const streamed = row('  streamed meanwhile', 'streamRate', { unit: 'MiB/s', better: 'higher' });
  const p99 = row('  p99', 'p99', { target: againstIdle });
  if (timesQemu === undefined) return [p50, p99, streamed];
  const againstQemu = { kind: 'against-qemu', atLeast: timesQemu } as const;
  return [p50, p99, row('  p99, beside QEMU', 'p99', { target: againstQemu }), streamed];
}

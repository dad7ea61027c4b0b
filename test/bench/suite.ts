import fs from 'node:fs';
import { err, ok, type Result } from '../../shared/result.ts';
import { GIB, MIB } from '../../shared/units.ts';
import type { BenchArguments } from './arguments.ts';
import type { Bench, BenchCase } from './bench.ts';
import type { Row } from './measure/row.ts';
import { remedyFor, Toolbox } from './qemu/toolbox.ts';
import { factsText, machineFacts } from './report/facts.ts';
import { failuresText, tableText } from './report/table.ts';
import { Children } from './workshop/children.ts';
import { Masters } from './workshop/masters.ts';
import { Workshop } from './workshop/workshop.ts';

interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly sides: BenchCase['sides'];
  readonly rows: readonly Row[];
}

/** Runs the cases and prints what they found. @returns the exit code */
export async function runSuite(given: BenchArguments): Promise<Result<number>> {
  const children = new Children();
  const opened = Workshop.open(children);
  if (!opened.ok) return opened;
  const workshop = opened.value;
  const tools = await Toolbox.look(children);
  const facts = machineFacts(tools, workshop);
  say(`${factsText(facts)}\n`);
  if (workshop.fileSystem === 'tmpfs') {
    say('The folder is in memory: flushes cost nothing there, and the figures say nothing about disks.\n\n');
  }
  const masters = new Masters(workshop, given.quick ? 512 * MIB : GIB);
  const results: CaseResult[] = [];
  for (const one of given.cases) {
    const missing = tools.missing(one.needs);
    say(`${one.name}: ${one.title}\n  ours: ${one.sides.ours}\n`);
    if (one.sides.qemu !== null) say(`  QEMU: ${one.sides.qemu}\n`);
    if (missing.length > 0) say(`  Only ours is measured: ${remedyFor(missing)}\n`);
    const { rounds, quick } = given;
    const bench: Bench = {
      rounds,
      quick,
      withQemu: missing.length === 0,
      children,
      tools,
      workshop,
      masters,
    };
    const startedMs = performance.now();
    const rows = await one.run(bench);
    say(
      `\n${tableText(rows)}${failuresText(rows)}  (${((performance.now() - startedMs) / 1000).toFixed(0)} s)\n\n`,
    );
    results.push({ name: one.name, title: one.title, sides: one.sides, rows });
  }
  const rows = results.flatMap((result) => result.rows);
  if (results.length > 1) say(`All together, medians of ${given.rounds} rounds:\n\n${tableText(rows)}\n`);
  const verdict = conclude(rows, given.quick);
  say(verdict.text);
  if (given.jsonFile !== null) {
    const saved = save(given.jsonFile, { facts, rounds: given.rounds, quick: given.quick, results });
    if (!saved.ok) return saved;
  }
  return ok(verdict.code);
}

function conclude(rows: readonly Row[], quick: boolean): { text: string; code: number } {
  const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  const failed = rows.some((row) => row.failures.ours.length > 0);
  const counts = `${count('met')} targets met, ${count('missed')} missed, ${count('open')} could not be judged.\n`;
  if (quick) return { text: `${counts}These are too short runs to judge by.\n`, code: failed ? 1 : 0 };
  return { text: counts, code: failed || count('missed') > 0 ? 1 : 0 };
}

function save(file: string, content: object): Result<void> {
  try {
    fs.writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
    return ok(undefined);
  } catch (error) {
    return err('io', `Could not write '${file}': ${error instanceof Error ? error.message : String(error)}`);
  }
}

function say(text: string): void {
  process.stdout.write(text);
}

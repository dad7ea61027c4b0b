import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Range } from '../../../main/block/range.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Figures } from '../measure/interleave.ts';
import type { Children } from '../workshop/children.ts';

/** Time fio needs around its run; measured 0.3 s, and a busy machine. */
const SPARE_MS = 15_000;

export interface NbdLoad {
  /** As fio calls it. Default: random reads. */
  readonly pattern?: 'randread' | 'read' | 'write' | 'randwrite';
  /** Bytes of one request. Default 4096. */
  readonly blockBytes?: number;
  readonly uri: string;
  readonly region: Range;
  readonly depth: number;
  readonly durationMs: number;
  /** Where fio leaves its report. */
  readonly reportFile: string;
  /** Load before anything is measured. */
  readonly warmUp?: {
    readonly durationMs: number;
    /** Called {@link AHEAD_MS} before its end; when it fails the whole does. */
    readonly then: () => Promise<Result<unknown>>;
  };
}

/**
 * So long before the end of a warm-up what is to go on meanwhile is begun: its first moments, in which threads start and
 * code is compiled, are no more what it is like beside it than the first reads are.
 */
const AHEAD_MS = 400;

const sideSchema = z.object({
  iops: z.number(),
  total_ios: z.number(),
  lat_ns: z.object({ percentile: z.record(z.string(), z.number()).optional() }),
});
const reportSchema = z.object({
  jobs: z.tuple([z.object({ error: z.number(), read: sideSchema, write: sideSchema })]),
});

/** Reads or writes an NBD export with fio's `nbd` engine, a client written in C. */
export async function fioOverNbd(children: Children, load: NbdLoad): Promise<Result<Figures>> {
  const { uri, region, depth, durationMs, reportFile, pattern = 'randread', blockBytes = 4096 } = load;
  const { warmUp } = load;
  // Where fio puts what a command of a job printed is told by the job's name.
  const name = `${reportFile}-load`;
  const begun = `${name}.prerun.txt`;
  fs.rmSync(begun, { force: true });
  const running = children.run(
    'fio',
    [
      ...[`--name=${name}`, '--ioengine=nbd', `--uri=${uri}`, `--rw=${pattern}`, `--bs=${blockBytes}`],
      '--norandommap',
      ...[`--iodepth=${depth}`, `--offset=${region.offset}`, `--size=${region.length}`],
      ...['--time_based', `--runtime=${durationMs}ms`, '--randrepeat=1'],
      ...(warmUp === undefined ? [] : [`--ramp_time=${warmUp.durationMs}ms`, '--exec_prerun=true']),
      // From handing a request in, as ours is measured; by default fio counts from when it was sent.
      ...['--lat_percentiles=1', '--clat_percentiles=0'],
      ...['--output-format=json', `--output=${reportFile}`],
    ],
    durationMs + (warmUp?.durationMs ?? 0) + SPARE_MS,
  );
  const prepared = warmUp === undefined ? DONE : await afterWarmUp(warmUp, begun, running);
  const run = await running;
  if (!prepared.ok) return prepared;
  if (!run.ok) return run;
  const text = fs.readFileSync(reportFile, 'utf8');
  fs.rmSync(reportFile);
  // Remarks of the engine stand before the report.
  const report = reportSchema.safeParse(JSON.parse(text.slice(text.indexOf('{'))));
  if (!report.success) return err('malformed', 'fio printed a report of another shape');
  const { read, write, error } = report.data.jobs[0];
  const side = pattern === 'read' || pattern === 'randread' ? read : write;
  if (error !== 0) return err('io', `fio ended with error ${error}`);
  if (side.total_ios === 0) return err('io', 'not one request of fio was answered');
  const microseconds = (share: string) => (side.lat_ns.percentile?.[share] ?? NaN) / 1000;
  return ok({
    iops: side.iops,
    rate: (side.iops * blockBytes) / MIB,
    p50: microseconds('50.000000'),
    p99: microseconds('99.000000'),
  });
}

async function afterWarmUp(
  { durationMs, then }: NonNullable<NbdLoad['warmUp']>,
  begun: string,
  running: Promise<unknown>,
): Promise<Result<unknown>> {
  const ended = running.then(() => true);
  while (!fs.existsSync(begun)) {
    // Why it did is told by the run itself.
    if (await Promise.race([ended, sleep(5, false)])) return DONE;
  }
  await sleep(durationMs - AHEAD_MS);
  return then();
}

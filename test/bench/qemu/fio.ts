import fs from 'node:fs';
import { z } from 'zod';
import type { Range } from '../../../main/block/range.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
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
}

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
  const run = await children.run(
    'fio',
    [
      ...['--name=load', '--ioengine=nbd', `--uri=${uri}`, `--rw=${pattern}`, `--bs=${blockBytes}`],
      '--norandommap',
      ...[`--iodepth=${depth}`, `--offset=${region.offset}`, `--size=${region.length}`],
      ...['--time_based', `--runtime=${durationMs}ms`, '--randrepeat=1'],
      // From handing a request in, as ours is measured; by default fio counts from when it was sent.
      ...['--lat_percentiles=1', '--clat_percentiles=0'],
      ...['--output-format=json', `--output=${reportFile}`],
    ],
    durationMs + SPARE_MS,
  );
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

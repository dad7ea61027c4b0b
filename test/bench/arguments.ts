import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../shared/result.ts';
import type { BenchCase } from './bench.ts';
import { CASES } from './cases/index.ts';

export interface BenchArguments {
  readonly cases: readonly BenchCase[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly jsonFile: string | null;
}

const DEFAULT_ROUNDS = 3;
const MOST_ROUNDS = 50;

export function benchHelp(): string {
  const width = Math.max(...CASES.map(({ name }) => name.length));
  return [
    'usage: npm run bench -- [CASE ...] [--rounds N] [--quick] [--json FILE]',
    '',
    'Measures Headwater and QEMU side by side, in turn, and compares. Cases (default: all but those with a *):',
    ...CASES.map(
      ({ name, title, onlyByName }) => `${onlyByName === true ? '*' : ' '} ${name.padEnd(width)}  ${title}`,
    ),
    '',
    `  --rounds N   measure each side so many times (default ${DEFAULT_ROUNDS}; with --quick 1)`,
    '  --quick      small sizes and short times: shows that it works, not how fast it is',
    '  --json FILE  write everything measured there',
    '',
    'BENCH_DIR names the folder to work in: on a disk, 8 GiB free. Exit status 1 when our side failed or,',
    'without --quick, missed a target.',
    '',
  ].join('\n');
}

/** `app` means all cases whose names begin with it. */
const isMeantBy = (asked: string) => (one: { readonly name: string }) =>
  one.name === asked || one.name.startsWith(`${asked}-`);

/** @returns null when help was asked for */
export function parseBenchArguments(args: readonly string[]): Result<BenchArguments | null> {
  const options = {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (values.help) return ok(null);
    const unknown = positionals.find((name) => !CASES.some(isMeantBy(name)));
    if (unknown !== undefined) return err('invalid-argument', `there is no case '${unknown}' (see --help)`);
    const rounds = values.rounds === undefined ? (values.quick ? 1 : DEFAULT_ROUNDS) : Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS) {
      return err('invalid-argument', `--rounds takes a whole number from 1 to ${MOST_ROUNDS}`);
    }
    const cases = CASES.filter(({ name, onlyByName }) =>
      positionals.length === 0
        ? onlyByName !== true
        : positionals.some((asked) => isMeantBy(asked)({ name })),
    );
    return ok({ cases, rounds, quick: values.quick, jsonFile: values.json ?? null });
  } catch (error) {
    return err('invalid-argument', error instanceof Error ? error.message : String(error));
  }
}

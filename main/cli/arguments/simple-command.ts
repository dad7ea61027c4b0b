import { err, type Result } from '../../../shared/result.ts';
import type { Command, Terminal } from '../terminal.ts';
import { parseArguments, type OptionSpec } from './getopt.ts';

/** What was given on the command line. */
export class Given {
  readonly operands: readonly string[];
  readonly #options: readonly { readonly long: string; readonly value: string }[];

  constructor(
    operands: readonly string[],
    options: readonly { readonly long: string; readonly value: string }[],
  ) {
    this.operands = operands;
    this.#options = options;
  }

  has(long: string): boolean {
    return this.#options.some((option) => option.long === long);
  }

  /** The last one counts. */
  value(long: string): string | undefined {
    return this.all(long).at(-1);
  }

  all(long: string): readonly string[] {
    return this.#options.filter((option) => option.long === long).map(({ value }) => value);
  }

  /** Exactly these operands. Fails with `invalid-argument`, saying what is wanted. */
  expect(...names: readonly string[]): Result<readonly string[]> {
    if (this.operands.length === names.length) return { ok: true, value: this.operands };
    return err('invalid-argument', `give ${names.join(' and ') || 'no arguments'} (see --help)`);
  }
}

export interface SimpleCommand {
  /** As in `feed sign`. */
  readonly name: string;
  readonly help: string;
  readonly options: readonly OptionSpec[];
  /** What is printed with `--json`, and what is printed without. */
  readonly run: (given: Given, terminal: Terminal) => Promise<Result<Report>>;
}

export interface Report {
  readonly json: unknown;
  readonly text: string;
  /** 0 where left out. */
  readonly exitCode?: number;
}

const COMMON = [
  { long: 'json', argument: 'none' },
  { short: 'h', long: 'help', argument: 'none' },
] as const satisfies readonly OptionSpec[];

/** A command that does one thing and reports it, for people or with `--json`. */
export function simpleCommand({ name, help, options, run }: SimpleCommand): Command {
  return {
    async run(args, terminal) {
      const complain = (message: string) => {
        terminal.err(`headwater ${name}: ${message}\n`);
        return 1;
      };
      const parsed = parseArguments(args, [...options, ...COMMON]);
      if (!parsed.ok) return complain(parsed.failure.message);
      const given = new Given(
        parsed.value.operands,
        parsed.value.options.map(({ spec, value }) => ({ long: spec.long ?? '', value })),
      );
      if (given.has('help')) {
        terminal.out(help);
        return 0;
      }
      const report = await run(given, terminal);
      if (!report.ok) {
        if (given.has('json')) terminal.out(`${JSON.stringify({ error: report.failure }, null, 2)}\n`);
        return complain(report.failure.message);
      }
      const { json, text, exitCode = 0 } = report.value;
      terminal.out(given.has('json') ? `${JSON.stringify(json, null, 2)}\n` : text);
      return exitCode;
    },
  };
}

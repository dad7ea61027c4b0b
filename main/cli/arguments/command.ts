import { ok, type Failure, type Result } from '../../../shared/result.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import type { Command } from './command-entry.ts';
import { parseArguments, type OptionSpec } from './getopt.ts';
import { Given } from './given.ts';

/** An option of a command, by which its value is asked for. */
export interface NamedOption<Name extends string = string> extends OptionSpec {
  readonly long: Name;
}

/** How the command line of a command is read. `-h` and `--help` go without saying. */
export interface CommandLine<Name extends string, Arguments> {
  /** As in `feed sign`. */
  readonly name: string;
  readonly help: string;
  readonly options: readonly NamedOption<Name>[];
  /** How a misuse ends, for a command that stands for another tool; with {@link EXIT}'s own code where left out. */
  readonly misuseExit?: number;
  /** A failure is a misuse of the command. */
  readonly parse: (given: Given<Name>) => Result<Arguments>;
}

/** A command of Headwater's own, which ends with one of {@link EXIT}. */
export interface CommandDefinition<Name extends string, Arguments> extends CommandLine<Name, Arguments> {
  /** A failure that is `cancelled` is an interruption; the number is the exit code. */
  readonly run: (wanted: Arguments, terminal: Terminal) => Promise<Result<number>>;
}

/** What a command that reports one thing has found. */
export interface Report {
  readonly json: unknown;
  readonly text: string;
  /** 0 where left out. */
  readonly exitCode?: number;
}

export interface ReportDefinition<Name extends string, Arguments> extends CommandLine<Name, Arguments> {
  /** What is printed with `--json`, and what is printed without. */
  readonly run: (wanted: Arguments, terminal: Terminal) => Promise<Result<Report>>;
}

const HELP = { short: 'h', long: 'help', argument: 'none' } as const satisfies OptionSpec;
const JSON_OUTPUT = { long: 'json', argument: 'none' } as const satisfies OptionSpec;

/** @returns null when help was asked for */
export function readCommandLine<Name extends string, Arguments>(
  { options, parse }: CommandLine<Name, Arguments>,
  args: readonly string[],
): Result<Arguments | null> {
  const parsed = parseArguments(args, [...options, HELP]);
  if (!parsed.ok) return parsed;
  const given = new Given<Name | 'help'>(parsed.value);
  return given.has('help') ? ok(null) : parse(given);
}

/** A command as `headwater` runs it: help, misuse and failures are the same everywhere. */
export function command<Name extends string, Arguments>(
  definition: CommandDefinition<Name, Arguments>,
): Command {
  const { name, help, options } = definition;
  return {
    options: [...options, HELP],
    async run(args, terminal) {
      const complain = ({ message }: Failure) => terminal.err(`headwater ${name}: ${message}\n`);
      const read = readCommandLine(definition, args);
      if (!read.ok) {
        complain(read.failure);
        return definition.misuseExit ?? EXIT.misused;
      }
      if (read.value === null) {
        terminal.out(help);
        return EXIT.done;
      }
      const ended = await definition.run(read.value, terminal);
      if (ended.ok) return ended.value;
      complain(ended.failure);
      return ended.failure.code === 'cancelled' ? EXIT.interrupted : EXIT.failed;
    },
  };
}

/** A command that does one thing and reports it, for people or with `--json`. */
export function reportCommand<Name extends string, Arguments>(
  definition: ReportDefinition<Name, Arguments>,
): Command {
  return command<Name | 'json', { readonly wanted: Arguments; readonly json: boolean }>({
    ...definition,
    options: [...definition.options, JSON_OUTPUT],
    parse(given) {
      const wanted = definition.parse(given);
      return wanted.ok ? ok({ wanted: wanted.value, json: given.has('json') }) : wanted;
    },
    async run({ wanted, json }, terminal) {
      const report = await definition.run(wanted, terminal);
      if (json) {
        const told = report.ok ? report.value.json : { error: report.failure };
        terminal.out(`${JSON.stringify(told, null, 2)}\n`);
      } else if (report.ok) terminal.out(report.value.text);
      return report.ok ? ok(report.value.exitCode ?? EXIT.done) : report;
    },
  });
}

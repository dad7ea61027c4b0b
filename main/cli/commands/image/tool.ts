import { parseArguments, type OptionSpec } from '../../arguments/getopt.ts';
import { parseSize, sizeWarning } from '../../arguments/size.ts';
import type { Result } from '../../../../shared/result.ts';
import { err } from '../../../../shared/result.ts';
import type { Terminal } from '../../terminal.ts';
import { helpText } from './help.ts';

/** What messages begin with; the rest of each line is what `qemu-img` prints. */
export const PROGRAM = 'headwater image';

/** Exit code of a command the user interrupted, as a shell reports it. */
export const EXIT_INTERRUPTED = 130;

/** A subcommand of `headwater image`; returns the exit code. */
export type Subcommand = (args: readonly string[], tool: Tool) => Promise<number>;

/** An option of a subcommand, with the name the code knows it by. */
export interface ImageOption<N extends string> extends OptionSpec {
  readonly name: N;
}

/** Declares an option: `-x`, `--word` or both, with or without an argument. */
export function option<N extends string>(name: N, forms: string, argument: OptionSpec['argument'] = 'none') {
  const words = forms.split(' ');
  const short = words.find((word) => !word.startsWith('--'))?.slice(1);
  const long = words.find((word) => word.startsWith('--'))?.slice(2);
  const spec: ImageOption<N> = { name, argument, ...(short && { short }), ...(long && { long }) };
  return spec;
}

/** Options every subcommand of `qemu-img` has. The last two stand for things Headwater has no use for. */
const COMMON = [
  option('help', '-h --help'),
  option('object', '--object', 'required'),
  option('image-opts', '--image-opts'),
] as const;

/** What was given on the command line. */
export class Given<N extends string> {
  readonly operands: readonly string[];
  readonly #options: readonly { name: N; value: string }[];

  constructor(options: readonly { name: N; value: string }[], operands: readonly string[]) {
    this.#options = options;
    this.operands = operands;
  }

  has(name: N): boolean {
    return this.#options.some((given) => given.name === name);
  }

  /** The argument of the last of several; undefined when it was not given. */
  value(name: N): string | undefined {
    return this.values(name).at(-1);
  }

  values(name: N): string[] {
    return this.#options.filter((given) => given.name === name).map(({ value }) => value);
  }
}

/** The terminal of a subcommand, with the ways in which `qemu-img` prints and fails. */
export class Tool {
  readonly terminal: Terminal;
  readonly #command: string;

  /** @param command name of the subcommand */
  constructor(terminal: Terminal, command: string) {
    this.terminal = terminal;
    this.#command = command;
  }

  /** Prints an error and returns the exit code. */
  fail(message: string, exitCode = 1): number {
    this.note(message);
    return exitCode;
  }

  /** An error in how the command was called. */
  misuse(message: string): number {
    return this.fail(`${message}\nTry '${PROGRAM} --help' for more information`);
  }

  note(message: string): void {
    this.terminal.err(`${PROGRAM}: ${message}\n`);
  }

  warn(message: string): void {
    this.note(`warning: ${message}`);
  }

  get interrupted(): boolean {
    return this.terminal.interrupted.aborted;
  }

  /** Reads the arguments; a number is the exit code with which the command ends here. */
  read<N extends string>(args: readonly string[], specs: readonly ImageOption<N>[]): Given<N> | number {
    const parsed = parseArguments<ImageOption<N | (typeof COMMON)[number]['name']>>(
      args,
      [...specs, ...COMMON],
      this.#command,
    );
    if (!parsed.ok) return this.misuse(parsed.failure.message);
    const options: { name: N; value: string }[] = [];
    for (const { spec, value } of parsed.value.options) {
      if (spec.name === 'help') {
        this.terminal.out(helpText());
        return 0;
      }
      if (spec.name === 'object' || spec.name === 'image-opts') {
        return this.fail(`--${spec.name} is not supported: give the file's name, and its format with -f`);
      }
      options.push({ name: spec.name, value });
    }
    return new Given(options, parsed.value.operands);
  }

  /**
   * A size given as an argument; failures are worded as `qemu-img` does.
   * @param what what the size is for: `Invalid ... specified`
   */
  size(what: string, text: string, least = 0): Result<number> {
    const warning = sizeWarning(text);
    if (warning !== null) this.warn(warning);
    const size = parseSize(text);
    if (size.ok && size.value >= least) return size;
    if (size.ok || size.failure.code === 'out-of-range') {
      return err(
        'out-of-range',
        `Invalid ${what} specified. Must be between ${least} and 9223372036854775807.`,
      );
    }
    return err(
      'invalid-argument',
      `Invalid ${what} specified. You may use k, M, G, T, P or E suffixes for\n` +
        `${PROGRAM}: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
    );
  }
}

/** `--output`: the form of the answer, or null when it is neither. */
export function outputForm(text: string | undefined): 'human' | 'json' | null {
  return text === undefined || text === 'human' ? 'human' : text === 'json' ? 'json' : null;
}

export const OUTPUT_PROBLEM = '--output must be used with human or json as argument.';

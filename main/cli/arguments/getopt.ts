import { err, ok, type Err, type Result } from '../../../shared/result.ts';

/** An option a command knows, as in `getopt_long(3)`. */
export interface OptionSpec {
  /** One letter for `-f`; may be left out. */
  readonly short?: string;
  /** The word for `--format`; may be left out. */
  readonly long?: string;
  readonly argument: 'none' | 'required';
}

export interface GivenOption<S extends OptionSpec> {
  readonly spec: S;
  /** The argument; empty for options without one. */
  readonly value: string;
}

export interface ParsedArguments<S extends OptionSpec> {
  readonly options: readonly GivenOption<S>[];
  readonly operands: readonly string[];
}

/**
 * Splits arguments as GNU `getopt_long` does: `-abc`, `-fqed`, `-f qed`, `--format=qed`, unambiguous beginnings of long
 * words, options after operands, and `--` for the end of options. QEMU's tools take theirs this way, and scripts
 * written for them must go on working. Fails with `invalid-argument`, in glibc's words.
 *
 * @param command what stands before the arguments, for a failure in the words `qemu-img` has instead
 */
export function parseArguments<S extends OptionSpec>(
  args: readonly string[],
  specs: readonly S[],
  command?: string,
): Result<ParsedArguments<S>> {
  const options: GivenOption<S>[] = [];
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      operands.push(arg);
      continue;
    }
    const parsed = arg.startsWith('--')
      ? parseLong(arg, args[index + 1], specs)
      : parseShorts(arg, args[index + 1], specs);
    if (!parsed.ok)
      return command === undefined ? parsed : inWordsOfQemuImg(parsed, [command, ...args], index + 1);
    options.push(...parsed.value.options);
    if (parsed.value.tookNext) index++;
  }
  return ok({ options, operands });
}

/**
 * `qemu-img` names the word before the one `getopt` would look at next: the bad word itself, but the word before it
 * when other letters follow the bad one.
 */
function inWordsOfQemuImg(failed: Err, args: readonly string[], index: number): Err {
  const arg = args[index] ?? '';
  const letter = /^invalid option -- '(.)'$/.exec(failed.failure.message)?.[1];
  const amid = letter !== undefined && arg.indexOf(letter, 1) < arg.length - 1;
  const word = amid ? (args[index - 1] ?? '') : arg;
  const missing = failed.failure.message.includes('requires an argument');
  return err('invalid-argument', `${missing ? 'missing argument for' : 'unrecognized'} option '${word}'`);
}

interface ParsedWord<S extends OptionSpec> {
  readonly options: GivenOption<S>[];
  readonly tookNext: boolean;
}

function parseLong<S extends OptionSpec>(
  arg: string,
  next: string | undefined,
  specs: readonly S[],
): Result<ParsedWord<S>> {
  const equals = arg.indexOf('=');
  const word = arg.slice(2, equals === -1 ? undefined : equals);
  const matching = specs.filter((spec) => spec.long?.startsWith(word));
  const spec = matching.find(({ long }) => long === word) ?? matching[0];
  if (spec === undefined) return err('invalid-argument', `unrecognized option '--${word}'`);
  if (matching.length > 1 && spec.long !== word) {
    const possibilities = matching.map(({ long }) => `'--${long ?? ''}'`).join(' ');
    return err('invalid-argument', `option '--${word}' is ambiguous; possibilities: ${possibilities}`);
  }
  if (spec.argument === 'none') {
    if (equals !== -1)
      return err('invalid-argument', `option '--${spec.long ?? ''}' doesn't allow an argument`);
    return ok({ options: [{ spec, value: '' }], tookNext: false });
  }
  if (equals !== -1) return ok({ options: [{ spec, value: arg.slice(equals + 1) }], tookNext: false });
  if (next === undefined)
    return err('invalid-argument', `option '--${spec.long ?? ''}' requires an argument`);
  return ok({ options: [{ spec, value: next }], tookNext: true });
}

function parseShorts<S extends OptionSpec>(
  arg: string,
  next: string | undefined,
  specs: readonly S[],
): Result<ParsedWord<S>> {
  const options: GivenOption<S>[] = [];
  for (let position = 1; position < arg.length; position++) {
    const letter = arg.charAt(position);
    const spec = specs.find(({ short }) => short === letter);
    if (spec === undefined) return err('invalid-argument', `invalid option -- '${letter}'`);
    if (spec.argument === 'none') {
      options.push({ spec, value: '' });
      continue;
    }
    const attached = arg.slice(position + 1);
    if (attached !== '') return ok({ options: [...options, { spec, value: attached }], tookNext: false });
    if (next === undefined) return err('invalid-argument', `option requires an argument -- '${letter}'`);
    return ok({ options: [...options, { spec, value: next }], tookNext: true });
  }
  return ok({ options, tookNext: false });
}

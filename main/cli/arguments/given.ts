import { err, ok, type Result } from '../../../shared/result.ts';
import type { ParsedArguments, OptionSpec } from './getopt.ts';

/** What was given on the command line. `Name` are the long words of the options there are. */
export class Given<Name extends string = string> {
  readonly operands: readonly string[];
  readonly #options: readonly { readonly long: string; readonly value: string }[];

  constructor({ operands, options }: ParsedArguments<OptionSpec>) {
    this.operands = operands;
    this.#options = options.map(({ spec, value }) => ({ long: spec.long ?? '', value }));
  }

  has(long: Name): boolean {
    return this.#options.some((option) => option.long === long);
  }

  /** The last one counts. */
  value(long: Name): string | undefined {
    return this.all(long).at(-1);
  }

  all(long: Name): readonly string[] {
    return this.#options.filter((option) => option.long === long).map(({ value }) => value);
  }

  /** The value of an option that must be there. */
  needed(long: Name): Result<string> {
    const value = this.value(long);
    return value === undefined || value === ''
      ? err('invalid-argument', `give --${long} (see --help)`)
      : ok(value);
  }

  /** Exactly these operands. */
  expect(...names: readonly string[]): Result<readonly string[]> {
    if (this.operands.length === names.length) return ok(this.operands);
    return err('invalid-argument', `give ${names.join(' and ') || 'no arguments'} (see --help)`);
  }

  /** Exactly one operand. */
  one(name: string): Result<string> {
    const found = this.expect(name);
    return found.ok ? ok(found.value[0] ?? '') : found;
  }
}

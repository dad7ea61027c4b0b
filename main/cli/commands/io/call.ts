import { parseSize, sizeWarning } from '../../arguments/size.ts';
import { parseCInteger } from './c-integer.ts';
import { usageLine, type CommandForm } from './command-form.ts';
import { GivenOptions } from './given-options.ts';

import type { IoSession } from './io-session.ts';
import { WordOptions } from './word-options.ts';

/** One command as it was typed, and the ways in which commands read their words. */
export class Call {
  readonly session: IoSession;
  /** The command's name as typed. */
  readonly typed: string;
  readonly words: readonly string[];
  readonly #command: CommandForm;

  constructor(session: IoSession, command: CommandForm, typed: string, words: readonly string[]) {
    this.session = session;
    this.#command = command;
    this.typed = typed;
    this.words = words;
  }

  /** Options one by one, as in `getopt(3)`; a misused one is reported and then read as `?`. */
  scan(letters: string): WordOptions {
    return new WordOptions(this.words, letters, (problem) =>
      this.session.terminal.err(`${this.typed}: ${problem}\n`),
    );
  }

  /**
   * All options; false after saying what is wrong with them.
   * @param letters as for `getopt(3)`: a colon follows those that take an argument
   * @param numbers how arguments that are numbers are read
   * @param last an option behind which nothing is looked at any more
   */
  options(
    letters: string,
    numbers: Readonly<Record<string, (text: string) => number | false>> = {},
    last?: string,
  ): GivenOptions | false {
    const found = this.scan(letters);
    const texts = new Map<string, string>();
    const values = new Map<string, number>();
    for (const [letter, text] of found) {
      if (letter === '?') return this.misused();
      texts.set(letter, text);
      const value = numbers[letter]?.(text);
      if (value === false) return false;
      if (value !== undefined) values.set(letter, value);
      if (letter === last) break;
    }
    return new GivenOptions(found.operands, texts, values);
  }

  /** Ends a command that was given the wrong words. */
  misused(): false {
    return this.refuse(usageLine(this.#command).trimEnd());
  }

  /** Ends a command with a line on standard output, where QEMU prints what is wrong with a command's words. */
  refuse(line: string): false {
    this.session.out(`${line}\n`);
    return false;
  }

  /**
   * A number of bytes; false after saying what is wrong with it.
   * @param shown what messages call it
   */
  readonly size = (text: string, shown = text): number | false => {
    const warning = sizeWarning(text);
    if (warning !== null) this.session.warn(warning);
    const size = parseSize(text);
    if (size.ok) return size.value;
    const problem =
      size.failure.code === 'out-of-range'
        ? 'argument too large'
        : 'non-numeric argument, or extraneous/unrecognized suffix';
    return this.refuse(`Parsing error: ${problem} -- ${shown}`);
  };

  /** A byte to fill or compare with; false after saying what is wrong with it. */
  readonly pattern = (text: string): number | false => {
    const byte = parseCInteger(text);
    if (byte !== null && byte >= 0 && byte <= 255) return byte;
    return this.refuse(`${text} is not a valid pattern byte`);
  };
}

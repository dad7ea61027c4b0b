/** An option and its argument; `?` stands for one that was misused. */
export type WordOption = readonly [letter: string, value: string];

/**
 * The options among a command's words, one at a time and in order, as `getopt(3)` gives them: options may follow
 * operands, there are no long ones. Commands act on each option before the next is looked at, so that of several
 * mistakes the first is reported; that is why this is not the parser of the command line.
 */
export class WordOptions implements Iterable<WordOption> {
  readonly #words: readonly string[];
  readonly #letters: string;
  readonly #complain: (problem: string) => void;
  readonly #operands: string[] = [];

  /** @param letters the known options; a colon follows those that take an argument */
  constructor(words: readonly string[], letters: string, complain: (problem: string) => void) {
    this.#words = words;
    this.#letters = letters;
    this.#complain = complain;
  }

  /** Complete once all options have been read. */
  get operands(): readonly string[] {
    return this.#operands;
  }

  *[Symbol.iterator](): Iterator<WordOption> {
    for (let index = 0; index < this.#words.length; index++) {
      const word = this.#words[index] ?? '';
      if (word === '--') {
        this.#operands.push(...this.#words.slice(index + 1));
        return;
      }
      if (word === '-' || !word.startsWith('-')) {
        this.#operands.push(word);
        continue;
      }
      for (let position = 1; position < word.length; position++) {
        const letter = word.charAt(position);
        const known = letter === ':' ? -1 : this.#letters.indexOf(letter);
        if (known === -1) {
          yield this.#misused(`invalid option -- '${letter}'`);
        } else if (this.#letters.charAt(known + 1) !== ':') {
          yield [letter, ''];
        } else {
          const attached = word.slice(position + 1);
          const value = attached === '' ? this.#words[++index] : attached;
          yield value === undefined
            ? this.#misused(`option requires an argument -- '${letter}'`)
            : [letter, value];
          break;
        }
      }
    }
  }

  #misused(problem: string): WordOption {
    this.#complain(problem);
    return ['?', ''];
  }
}

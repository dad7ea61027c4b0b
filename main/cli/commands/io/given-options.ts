/** The options a command was given, for commands that need not act on each in turn. */
export class GivenOptions {
  readonly operands: readonly string[];
  readonly #texts: ReadonlyMap<string, string>;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(
    operands: readonly string[],
    texts: ReadonlyMap<string, string>,
    numbers: ReadonlyMap<string, number>,
  ) {
    this.operands = operands;
    this.#texts = texts;
    this.#numbers = numbers;
  }

  has(letter: string): boolean {
    return this.#texts.has(letter);
  }

  /** The argument of an option as given; the last of several counts. */
  text(letter: string): string | null {
    return this.#texts.get(letter) ?? null;
  }

  /** The argument of an option that takes a number. */
  number(letter: string): number | null {
    return this.#numbers.get(letter) ?? null;
  }
}

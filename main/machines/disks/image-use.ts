import { DONE, err, type Err, type Result } from '../../../shared/result.ts';

/** Who has an image: a machine, or work that nobody may disturb. One at a time. */
export class ImageUse {
  readonly #file: () => string;
  #machine = false;
  /** For messages: 'being checked'. */
  #work: string | null = null;

  /** @param file what messages call the image */
  constructor(file: () => string) {
    this.#file = file;
  }

  get byMachine(): boolean {
    return this.#machine;
  }

  get byWork(): boolean {
    return this.#work !== null;
  }

  takeForMachine(): Result<void> {
    if (this.#work !== null) return this.#refuse();
    if (this.#machine) return err('busy', `'${this.#file()}' is used by a machine already`);
    this.#machine = true;
    return DONE;
  }

  leftByMachine(): void {
    this.#machine = false;
  }

  /** @param what for messages: 'being checked' */
  takeForWork(what: string): Result<void> {
    if (this.#machine) return err('busy', `The machine with '${this.#file()}' runs; stop it first`);
    if (this.#work !== null) return this.#refuse();
    this.#work = what;
    return DONE;
  }

  workDone(): void {
    this.#work = null;
  }

  #refuse(): Err {
    return err('busy', `'${this.#file()}' is ${this.#work ?? 'in use'}; try again when that is done`);
  }
}

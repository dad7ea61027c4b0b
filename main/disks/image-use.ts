import { DONE, err, type Err, type Result } from '../../shared/result.ts';

/** Who has an image: a machine, others that lie on it and read it, or work that nobody may disturb. One at a time. */
export class ImageUse {
  readonly #file: () => string;
  #machine = false;
  #readers = 0;
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

  takeForReading(): Result<void> {
    if (this.#work !== null) return this.#refuse();
    this.#readers += 1;
    return DONE;
  }

  leftByReader(): void {
    this.#readers -= 1;
  }

  takeForMachine(): Result<void> {
    if (this.#work !== null) return this.#refuse();
    if (this.#machine)
      return err('busy', `'${this.#file()}' is used by a machine already`, {
        words: ['disk-in-machine', this.#file()],
      });
    this.#machine = true;
    return DONE;
  }

  leftByMachine(): void {
    this.#machine = false;
  }

  /** @param what for messages: 'being checked' */
  takeForWork(what: string): Result<void> {
    if (this.#machine)
      return err('busy', `The machine with '${this.#file()}' runs; stop it first`, {
        words: ['disk-in-machine', this.#file()],
      });
    if (this.#readers > 0)
      return err('busy', `Disks that lie on '${this.#file()}' are in use; stop their machines first`, {
        words: ['disk-lain-on', this.#file()],
      });
    if (this.#work !== null) return this.#refuse();
    this.#work = what;
    return DONE;
  }

  workDone(): void {
    this.#work = null;
  }

  #refuse(): Err {
    return err('busy', `'${this.#file()}' is ${this.#work ?? 'in use'}; try again when that is done`, {
      words: ['disk-occupied', this.#file()],
    });
  }
}

/**
 * Runs an operation for any number of callers, one run at a time. Who asks while a run is under way gets the next
 * one, together with all who ask meanwhile: so the run that answers a caller began after the caller asked.
 */
export class SharedRun<T> {
  readonly #operation: () => Promise<T>;
  #waiting: Waiting<T> | null = null;
  #active = false;

  constructor(operation: () => Promise<T>) {
    this.#operation = operation;
  }

  /** True while a run is under way. */
  get active(): boolean {
    return this.#active;
  }

  request(): Promise<T> {
    const waiting = (this.#waiting ??= newWaiting<T>());
    if (!this.#active) void this.#runAll();
    return waiting.promise;
  }

  async #runAll(): Promise<void> {
    this.#active = true;
    for (let turn = this.#waiting; turn !== null; turn = this.#waiting) {
      this.#waiting = null;
      try {
        turn.resolve(await this.#operation());
      } catch (bug) {
        turn.reject(bug);
      }
    }
    this.#active = false;
  }
}

interface Waiting<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (bug: unknown) => void;
}

function newWaiting<T>(): Waiting<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (bug: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

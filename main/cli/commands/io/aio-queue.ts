/** Says how a request ended. */
export type Report = () => void;

/**
 * Requests that run while further commands do. Reports come when the program waits for something anyway: as in
 * `qemu-io`, a command that does not wait prints its answer before those of earlier requests.
 */
export class AioQueue {
  #running = 0;
  #finished: Report[] = [];
  #waiting: (() => void)[] = [];
  #live = false;

  /** Starts a request. What it resolves to is called once, when it is time to report. */
  start(request: () => Promise<Report>): void {
    this.#running++;
    void request().then((report) => {
      this.#running--;
      this.#finished.push(report);
      if (this.#live) this.report();
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Reports what has ended so far. */
  report(): void {
    for (const report of this.#finished.splice(0)) report();
  }

  /** Waits until nothing is in flight, and reports everything in the order in which it ended. */
  async finish(): Promise<void> {
    this.report();
    while (this.#running > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.report();
    }
  }

  /** Reports at once what ends while `waiting` takes its time. */
  async reportDuring<T>(waiting: Promise<T>): Promise<T> {
    this.#live = true;
    this.report();
    try {
      return await waiting;
    } finally {
      this.#live = false;
    }
  }
}

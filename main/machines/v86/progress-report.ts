import type { Clock } from '../../../shared/clock.ts';
import type { MachineProgress } from '../machine.ts';

const INTERVAL_MS = 250;

/** Reports how far a guest is, now and then, where it has come any further. */
export class ProgressReport {
  readonly #clock: Clock;
  readonly #measure: () => MachineProgress;
  readonly #report: (progress: MachineProgress) => void;
  #last = '';

  constructor(clock: Clock, measure: () => MachineProgress, report: (progress: MachineProgress) => void) {
    this.#clock = clock;
    this.#measure = measure;
    this.#report = report;
  }

  /** Now, and from now on. */
  start(): void {
    this.once();
    this.#clock.after(INTERVAL_MS, () => this.start());
  }

  once(): void {
    const progress = this.#measure();
    const text = JSON.stringify(progress);
    if (text !== this.#last) this.#report(progress);
    this.#last = text;
  }
}

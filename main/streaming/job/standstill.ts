import type { Failure } from '../../../shared/result.ts';
import { ioStatusOf, type IoStatus } from './on-error.ts';

/** Whether a job is to stand still: because somebody wants it, or because of a failure. One end ends both. */
export class Standstill {
  #wanted = false;
  #ioStatus: IoStatus = 'ok';
  #goOn: (() => void) | null = null;

  get wanted(): boolean {
    return this.#wanted;
  }

  /** What the failure was about; `ok` when there was none. */
  get ioStatus(): IoStatus {
    return this.#ioStatus;
  }

  begin(): void {
    this.#wanted = true;
  }

  beginBecause(failure: Failure): void {
    this.#wanted = true;
    this.#ioStatus = ioStatusOf(failure);
  }

  end(): void {
    this.#wanted = false;
    this.#ioStatus = 'ok';
    this.#goOn?.();
    this.#goOn = null;
  }

  /** Resolves at the next end. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }
}

import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { formatBytes } from '../../display/quantities.ts';

/** What the user should know of the disk though the console is the guest's: each thing once, when it begins or ends. */
export class ConsoleNotes {
  readonly #say: (text: string) => void;
  #waiting = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  hear(event: DiskEvent): void {
    switch (event.kind) {
      case 'store-failed':
        return this.#say(`warning: ${event.failure.message}`);
      case 'waiting': {
        const { waiting } = event;
        if (waiting !== null && !this.#waiting) this.#say(`waiting for data: ${waiting.failure.message}`);
        if (waiting === null && this.#waiting) this.#say('the data is there, the guest goes on');
        this.#waiting = waiting !== null;
        return;
      }
      case 'job': {
        if (event.event.event !== 'BLOCK_JOB_COMPLETED') return;
        const { error, len } = event.event.data;
        this.#say(
          error === undefined ? `all ${formatBytes(len)} are local now` : `streaming failed: ${error}`,
        );
      }
    }
  }
}

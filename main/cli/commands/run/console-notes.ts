import type { FailureCode } from '../../../../shared/result.ts';
import type { DiskWait } from '../../../machines/machine.ts';
import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { formatBytes } from '../../display/quantities.ts';

/** What the user should know of the disk though the console is the guest's: each thing once, when it begins or ends. */
export class ConsoleNotes {
  readonly #say: (text: string) => void;
  readonly #warned = new Set<FailureCode>();
  #waiting = false;
  #stands = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  hear(event: DiskEvent): void {
    switch (event.kind) {
      case 'store-failed': {
        const { code, message } = event.failure;
        // A full disk fails every copy; the guest has its data all the same.
        if (!this.#warned.has(code)) this.#say(`warning: what the guest reads is not kept: ${message}`);
        this.#warned.add(code);
        return;
      }
      case 'waiting': {
        const { waiting } = event;
        if (waiting !== null && !this.#waiting) this.#say(`waiting for data: ${waiting.failure.message}`);
        if (waiting === null && this.#waiting) this.#say('the data is there, the guest goes on');
        this.#waiting = waiting !== null;
        return;
      }
      case 'wrong-bytes':
        return this.#say(`not taken: ${event.wrong.failure.message}`);
      case 'boot-pack': {
        const { failure } = event;
        if (failure !== null) this.#say(`the start goes on without the boot pack: ${failure.message}`);
        return;
      }
      case 'boot-recorded':
      case 'nbd-clients':
        return;
      case 'job': {
        if (event.event.event !== 'BLOCK_JOB_COMPLETED') return;
        const { error, len } = event.event.data;
        this.#say(
          error === undefined ? `all ${formatBytes(len)} are local now` : `streaming failed: ${error}`,
        );
      }
    }
  }

  /** @param wait what the guest waits for; reads are told of by the disk itself */
  hearMachine(wait: DiskWait | null): void {
    const failure = wait?.retries === 'on-resume' ? wait.failure : undefined;
    if (failure !== undefined && !this.#stands) {
      this.#say(`the guest stands still: ${failure.message}; mend it, it is tried again every few seconds`);
    }
    if (failure === undefined && this.#stands) this.#say('stored; the guest goes on');
    this.#stands = failure !== undefined;
  }
}

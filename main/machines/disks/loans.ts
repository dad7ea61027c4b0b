import type { MessagePort } from 'node:worker_threads';
import { ok, type Result } from '../../../shared/result.ts';
import type { ImageUse } from './image-use.ts';
import type { OpenedDisk } from './opened-disk.ts';

/** Who reads a disk through its thread, from another. */
export interface Borrower {
  /** The disk's thread has died, and this port leads to the next. */
  readonly renewed: (port: MessagePort) => void;
}

/** What a disk does for others that lie on it. */
export interface Lender {
  /**
   * Serves the disk, whatever its stream does, until {@link giveBack}.
   * @returns the first connection to the disk's thread
   */
  lend(borrower: Borrower): Promise<Result<MessagePort>>;
  giveBack(borrower: Borrower): Promise<void>;
  /** Leaves the image where and as it is, for one that reads it from its file. @returns what ends that */
  hold(): Result<() => void>;
}

export interface LoanParts {
  readonly use: ImageUse;
  /** Opens the disk, or closes it, as is needed now. */
  readonly settle: () => Promise<void>;
  /** The open disk, or why it is not open. */
  readonly opened: () => Result<OpenedDisk>;
}

/** The connections over which a disk is read by those that lie on it. */
export class Loans implements Lender {
  readonly #parts: LoanParts;
  /** With the thread that each leads to. */
  readonly #loans = new Map<Borrower, OpenedDisk | null>();

  constructor(parts: LoanParts) {
    this.#parts = parts;
  }

  get any(): boolean {
    return this.#loans.size > 0;
  }

  async lend(borrower: Borrower): Promise<Result<MessagePort>> {
    const taken = this.#parts.use.takeForReading();
    if (!taken.ok) return taken;
    this.#loans.set(borrower, null);
    await this.#parts.settle();
    const opened = this.#parts.opened();
    const port = opened.ok ? await this.#connect(borrower, opened.value) : opened;
    if (!port.ok) await this.giveBack(borrower);
    return port;
  }

  async giveBack(borrower: Borrower): Promise<void> {
    if (!this.#loans.delete(borrower)) return;
    this.#parts.use.leftByReader();
    await this.#parts.settle();
  }

  hold(): Result<() => void> {
    const taken = this.#parts.use.takeForReading();
    return taken.ok ? ok(() => this.#parts.use.leftByReader()) : taken;
  }

  /** Leads to this thread all that were connected to another. Where that fails it can be tried again. */
  async renew(disk: OpenedDisk): Promise<void> {
    for (const [borrower, connected] of [...this.#loans]) {
      if (connected === null || connected === disk) continue;
      const port = await this.#connect(borrower, disk);
      if (!port.ok) return;
      if (this.#loans.has(borrower)) borrower.renewed(port.value);
      else port.value.close();
    }
  }

  async #connect(borrower: Borrower, disk: OpenedDisk): Promise<Result<MessagePort>> {
    const port = await disk.connect('read');
    if (port.ok && this.#loans.has(borrower)) this.#loans.set(borrower, disk);
    return port;
  }
}

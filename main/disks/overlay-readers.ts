import type { MessagePort } from 'node:worker_threads';
import { ok, type Result } from '../../shared/result.ts';
import type { ImageUse } from './image-use.ts';
import type { OpenedDisk } from './opened-disk.ts';

/** Who reads a disk through its thread, from another. */
export interface OverlayReader {
  /** The disk's thread has died, and this port leads to the next. */
  readonly renewed: (port: MessagePort) => void;
}

/** What a disk does for others that lie on it. */
export interface BackingServer {
  /**
   * Serves the disk, whatever its stream does, until {@link giveBack}.
   * @returns the first connection to the disk's thread
   */
  serve(reader: OverlayReader): Promise<Result<MessagePort>>;
  giveBack(reader: OverlayReader): Promise<void>;
  /** Leaves the image where and as it is, for one that reads it from its file. @returns what ends that */
  hold(): Result<() => void>;
}

export interface OverlayReaderParts {
  readonly use: ImageUse;
  /** Opens the disk, or closes it, as is needed now. */
  readonly settle: () => Promise<void>;
  /** The open disk, or why it is not open. */
  readonly opened: () => Result<OpenedDisk>;
}

/** The connections over which a disk is read by those that lie on it. */
export class OverlayReaders implements BackingServer {
  readonly #parts: OverlayReaderParts;
  /** With the thread that each leads to. */
  readonly #readers = new Map<OverlayReader, OpenedDisk | null>();

  constructor(parts: OverlayReaderParts) {
    this.#parts = parts;
  }

  get any(): boolean {
    return this.#readers.size > 0;
  }

  async serve(reader: OverlayReader): Promise<Result<MessagePort>> {
    const taken = this.#parts.use.takeForReading();
    if (!taken.ok) return taken;
    this.#readers.set(reader, null);
    await this.#parts.settle();
    const opened = this.#parts.opened();
    const port = opened.ok ? await this.#connect(reader, opened.value) : opened;
    if (!port.ok) await this.giveBack(reader);
    return port;
  }

  async giveBack(reader: OverlayReader): Promise<void> {
    if (!this.#readers.delete(reader)) return;
    this.#parts.use.leftByReader();
    await this.#parts.settle();
  }

  hold(): Result<() => void> {
    const taken = this.#parts.use.takeForReading();
    return taken.ok ? ok(() => this.#parts.use.leftByReader()) : taken;
  }

  /** Leads to this thread all that were connected to another. Where that fails it can be tried again. */
  async renew(disk: OpenedDisk): Promise<void> {
    for (const [reader, connected] of [...this.#readers]) {
      if (connected === null || connected === disk) continue;
      const port = await this.#connect(reader, disk);
      if (!port.ok) return;
      if (this.#readers.has(reader)) reader.renewed(port.value);
      else port.value.close();
    }
  }

  async #connect(reader: OverlayReader, disk: OpenedDisk): Promise<Result<MessagePort>> {
    const port = await disk.connect('read');
    if (port.ok && this.#readers.has(reader)) this.#readers.set(reader, disk);
    return port;
  }
}

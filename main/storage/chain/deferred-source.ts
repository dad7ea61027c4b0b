import { DONE, ok, type Err, type Result } from '../../../shared/result.ts';
import { readPadded } from '../../block/backing-read.ts';
import { closedFailure } from '../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../block/device.ts';
import { ReadOnlyDevice } from '../../block/read-only-device.ts';

/**
 * A remote source that is opened when it is first needed, and tried again at every read until that succeeds: a machine
 * must start from what is local, whether or not its master can be reached at the moment.
 *
 * It looks as long as the overlay in front of it; what the source turns out not to have reads as zeroes, as behind any
 * overlay.
 */
export class DeferredSource extends ReadOnlyDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly remote = true;
  readonly #openSource: () => Promise<Result<BlockDevice>>;
  #opening: Promise<Result<BlockDevice>> | null = null;
  #opened: BlockDevice | null = null;
  readonly #closedWhileOpening: Promise<Err>;
  #giveUp: () => void = () => {};

  /** @param lengthBytes size of the overlay in front, in bytes */
  constructor(name: string, lengthBytes: number, openSource: () => Promise<Result<BlockDevice>>) {
    super();
    this.name = name;
    this.lengthBytes = lengthBytes;
    this.#openSource = openSource;
    this.#closedWhileOpening = new Promise((resolve) => {
      this.#giveUp = () => resolve(closedFailure(this));
    });
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const range = this.checkRead(offset, target.length);
    if (!range.ok) return range;
    const source = await this.#source();
    return source.ok ? readPadded(source.value, offset, target) : source;
  }

  /** Always `data`: asking the source could mean waiting for it. */
  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const range = this.checkRead(offset, length);
    return range.ok ? ok({ offset, length, kind: 'data' }) : range;
  }

  /** Reads under way fail. Does not wait for a source that is still being opened. */
  async close(): Promise<Result<void>> {
    this.closed = true;
    this.#giveUp();
    void this.#opening?.then((source) => (source.ok ? source.value.close() : DONE));
    return DONE;
  }

  /** Reads that come while it is being opened share the attempt. */
  async #source(): Promise<Result<BlockDevice>> {
    if (this.#opened !== null) return ok(this.#opened);
    this.#opening ??= this.#openSource();
    const attempt = this.#opening;
    const source = await Promise.race([this.#closedWhileOpening, attempt]);
    if (source.ok) this.#opened = source.value;
    else if (this.#opening === attempt) this.#opening = null;
    return source;
  }
}

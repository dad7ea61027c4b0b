import type { Clock } from '../../../../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../../../../shared/result.ts';
import { checkRange } from '../../../../block/bounds.ts';
import type { Extent } from '../../../../block/device.ts';
import { CopyOnReadDevice } from '../../../../streaming/copy-on-read/copy-on-read-device.ts';
import { QedDevice } from '../../../../qed/device.ts';
import { checkAio, type DiskSettings } from './disk-settings.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { resizeImage, type Preallocation } from './resize-image.ts';
import { SectorDevice } from './sector-device.ts';

/** The image that commands work on: a device with the cache and discard modes it was opened with. */
export class IoDisk {
  #opened: OpenedImage;
  #settings: DiskSettings;
  readonly #clock: Clock;
  #closed = false;

  static async open(settings: DiskSettings, clock: Clock): Promise<Result<IoDisk>> {
    const opened = await openImage(settings, clock);
    return opened.ok ? ok(new IoDisk(opened.value, settings, clock)) : opened;
  }

  private constructor(opened: OpenedImage, settings: DiskSettings, clock: Clock) {
    this.#opened = opened;
    this.#settings = settings;
    this.#clock = clock;
  }

  get settings(): DiskSettings {
    return this.#settings;
  }

  get note(): string | undefined {
    return this.#opened.note;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get readOnly(): boolean {
    return this.#settings.readOnly;
  }

  get name(): string {
    return this.#opened.guest.name;
  }

  /** Guest size in bytes: whole sectors. */
  get lengthBytes(): number {
    return this.#opened.guest.lengthBytes;
  }

  get formatName(): string {
    return this.#opened.image instanceof QedDevice ? 'qed' : 'raw';
  }

  /** Allocation unit in bytes; 0 for a raw image. */
  get clusterBytes(): number {
    return this.#opened.image instanceof QedDevice ? this.#opened.image.clusterBytes : 0;
  }

  /** Whether `write -zn` may be tried: QEMU's QED driver cannot say beforehand that it need not write zeroes. */
  get promisesFastZeroes(): boolean {
    return this.#opened.image instanceof SectorDevice;
  }

  /** To be asked before memory is taken for a request. */
  checkRange(offset: number, length: number): Result<void> {
    return checkRange(this.#opened.guest, offset, length);
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const { guest } = this.#opened;
    const read = await guest.read(offset, target);
    // In QEMU a read has ended when its copy is stored, so that `map` shows it; our guests do not wait for that.
    const storing = guest instanceof CopyOnReadDevice && guest.pendingStoreBytes > 0;
    return read.ok && storing ? guest.flush() : read;
  }

  /** @param durable whether the data must be safe before this ends (FUA), whatever the cache mode says */
  async write(offset: number, data: Uint8Array, durable: boolean): Promise<Result<void>> {
    const written = await this.#opened.guest.write(offset, data);
    return written.ok ? this.#makeDurable(durable) : written;
  }

  async writeZeroes(offset: number, length: number, durable: boolean): Promise<Result<void>> {
    const written = await this.#opened.guest.writeZeroes(offset, length);
    return written.ok ? this.#makeDurable(durable) : written;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    const range = this.checkRange(offset, length);
    return range.ok && this.#settings.discard ? this.#opened.guest.discard(offset, length) : range;
  }

  async flush(): Promise<Result<void>> {
    return this.#settings.cache.noFlush ? DONE : this.#opened.guest.flush();
  }

  /** The state of `offset` in this layer and how far it goes, at most `length` bytes. */
  extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return this.#opened.guest.extentAt(offset, length);
  }

  resize(lengthBytes: number, preallocation: Preallocation): Promise<Result<void>> {
    return resizeImage(this.#opened.image, lengthBytes, preallocation);
  }

  /**
   * Changes the settings. Failures use QEMU's words and leave everything as it was, unless the image cannot be opened
   * again; then it is {@link closed}.
   */
  async reopen(settings: DiskSettings): Promise<Result<void>> {
    if (settings.copyOnRead && settings.readOnly) {
      return err('invalid-argument', "Can't set the image to r/o with copy-on-read enabled");
    }
    const possible = checkAio(settings);
    if (!possible.ok) return possible;
    const flushed = await this.flush();
    if (!flushed.ok) return flushed;
    // What a temporary overlay stores would be lost: it has no name to open it by.
    const anew = settings.readOnly !== this.readOnly && !settings.snapshot;
    const changed = anew ? await this.#openAnew(settings) : DONE;
    if (changed.ok) this.#settings = settings;
    return changed;
  }

  async close(): Promise<Result<void>> {
    this.#closed = true;
    return this.#opened.guest.close();
  }

  async #openAnew(settings: DiskSettings): Promise<Result<void>> {
    // Who may write holds the lock of the image, and gives it back only by closing it.
    if (!this.readOnly) {
      const closed = await this.close();
      if (!closed.ok) return closed;
    }
    const opened = await openImage(settings, this.#clock);
    if (!opened.ok) return opened;
    if (this.readOnly) await this.#opened.guest.close();
    this.#opened = opened.value;
    this.#closed = false;
    return DONE;
  }

  async #makeDurable(durable: boolean): Promise<Result<void>> {
    return durable || this.#settings.cache.writethrough ? this.flush() : DONE;
  }
}

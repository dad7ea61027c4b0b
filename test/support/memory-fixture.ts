import type { Failure, FailureCode } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { overlayTarget } from '../../main/streaming/job/stream-target.ts';
import type { ImageShape, StreamedImage, StreamFixture } from './iotest-030.ts';
import { SimulatedDevice, type Fault } from './simulated-device.ts';
import { MemoryOverlay } from './memory-overlay.ts';
import { SimulatedClock } from './simulated-clock.ts';

const CLUSTER_BYTES = 64 * KIB;

/** The cases of iotest 030 on overlays in memory, in simulated time. */
export class MemoryFixture implements StreamFixture {
  readonly clock = new SimulatedClock();

  async image(shape: ImageShape): Promise<StreamedImage> {
    return new MemoryImage(this.clock, shape);
  }

  until<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work);
  }

  pass(durationMs: number): Promise<void> {
    return this.clock.advance(durationMs);
  }
}

class MemoryImage implements StreamedImage {
  readonly node: string;
  readonly #overlay: MemoryOverlay;
  readonly #backing: SimulatedDevice;
  #held = false;

  constructor(clock: SimulatedClock, shape: ImageShape) {
    const content = new Uint8Array(shape.backingBytes ?? shape.lengthBytes);
    for (const { offset, length } of shape.data) content.fill(1, offset, offset + length);
    this.node = shape.node ?? 'drive0';
    // A held read looks again every 10 ms.
    this.#backing = new SimulatedDevice(content, { clock, latency: () => 1 });
    const read = this.#backing.read.bind(this.#backing);
    this.#backing.read = async (offset, target) => {
      while (this.#held) await new Promise<void>((resolve) => clock.after(10, resolve));
      return read(offset, target);
    };
    this.#overlay = new MemoryOverlay({
      clock,
      lengthBytes: shape.lengthBytes,
      clusterBytes: CLUSTER_BYTES,
      backing: content.length === 0 ? null : this.#backing,
      readOnly: shape.readOnly ?? false,
    });
  }

  target() {
    return overlayTarget(this.#overlay);
  }

  async dataBytes(): Promise<number> {
    return this.#overlay.states.filter((state) => state === 'data').length * CLUSTER_BYTES;
  }

  standalone(): boolean {
    return this.#overlay.backing === null;
  }

  failReadOnce(offset: number, code: FailureCode): void {
    this.#backing.fault = once('read', offset, code);
  }

  failStoreOnce(offset: number, code: FailureCode): void {
    this.#overlay.fault = once('store', offset, code);
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }
}

function once(wanted: string, at: number, code: FailureCode): Fault {
  let failure: Failure | null = { code, message: `a fault at ${at}` };
  return (operation, offset, length) => {
    if (operation !== wanted || at < offset || at >= offset + length) return null;
    const strikes = failure;
    failure = null;
    return strikes;
  };
}

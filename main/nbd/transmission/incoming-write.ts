import { DONE, err, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import type { Flow } from './flow.ts';
import type { Payload } from './request-stream.ts';

const CUT_SHORT = err('cancelled', 'the client left in the middle of a write');

/** A write whose data goes to the device as it comes in. */
export class IncomingWrite implements Payload {
  /** The outcome, when all of it is written or has failed. */
  readonly written: Promise<Result<void>>;
  readonly #device: BlockDevice;
  readonly #flow: Flow;
  /** Pieces being written, and one for the client that is still sending. */
  #open = 1;
  #outcome: Result<void> = DONE;
  #settle: (outcome: Result<void>) => void = () => {};

  constructor(device: BlockDevice, flow: Flow) {
    this.#device = device;
    this.#flow = flow;
    this.written = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  take(offset: number, bytes: Buffer, release: () => void): void {
    this.#open++;
    this.#flow.hold(bytes.length);
    void this.#device.write(offset, bytes).then((written) => {
      release();
      this.#flow.free(bytes.length);
      this.#close(written);
    });
  }

  end(complete: boolean): void {
    this.#close(complete ? DONE : CUT_SHORT);
  }

  #close(part: Result<void>): void {
    if (this.#outcome.ok) this.#outcome = part;
    this.#open--;
    if (this.#open === 0) this.#settle(this.#outcome);
  }
}

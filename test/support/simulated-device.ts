import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Failure, type Result } from '../../shared/result.ts';
import { checkRange } from '../../main/block/bounds.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';
import { isZero } from '../../main/block/zeroes.ts';

/** What a fault injector is asked before every operation; a failure makes the operation fail with it. */
export type Fault = (operation: string, offset: number, length: number) => Failure | null;
/** How long an operation takes, in milliseconds. */
export type Latency = (operation: string, length: number) => number;

export interface SimulatedDeviceOptions {
  readonly clock: Clock;
  readonly name?: string;
  readonly remote?: boolean;
  readonly latency?: Latency;
  readonly fault?: Fault;
  /** Told when a read leaves. */
  readonly onRead?: (offset: number, length: number) => void;
}

/** A disk in memory that takes its time and fails on request: the backing device of simulations. */
export class SimulatedDevice implements BlockDevice {
  readonly name: string;
  readonly readOnly = false;
  readonly remote: boolean;
  readonly content: Uint8Array;
  readBytes = 0;
  closed = false;
  fault: Fault;
  latency: Latency;
  readonly #options: SimulatedDeviceOptions;

  constructor(content: Uint8Array, options: SimulatedDeviceOptions) {
    this.content = content;
    this.#options = options;
    this.name = options.name ?? 'master';
    this.remote = options.remote ?? false;
    this.fault = options.fault ?? (() => null);
    this.latency = options.latency ?? (() => 0);
  }

  get lengthBytes(): number {
    return this.content.length;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    if (this.closed) return err('closed', `'${this.name}' is closed`);
    this.#options.onRead?.(offset, target.length);
    this.readBytes += target.length;
    const began = await this.#begin('read', offset, target.length);
    if (began.ok) target.set(this.content.subarray(offset, offset + target.length));
    return began;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const began = await this.#begin('write', offset, data.length);
    if (began.ok) this.content.set(data, offset);
    return began;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const began = await this.#begin('write', offset, length);
    if (began.ok) this.content.fill(0, offset, offset + length);
    return began;
  }

  async discard(): Promise<Result<void>> {
    return DONE;
  }

  async flush(): Promise<Result<void>> {
    return this.#begin('flush', 0, 0);
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const zero = isZero(this.content.subarray(offset, offset + length));
    return ok({ offset, length, kind: zero ? 'zero' : 'data', fileOffset: zero ? undefined : offset });
  }

  async close(): Promise<Result<void>> {
    this.closed = true;
    return DONE;
  }

  async #begin(operation: string, offset: number, length: number): Promise<Result<void>> {
    if (this.closed) return err('closed', `'${this.name}' is closed`);
    const valid = checkRange(this, offset, length);
    if (!valid.ok) return valid;
    await pass(this.#options.clock, this.latency(operation, length));
    const failure = this.fault(operation, offset, length);
    return failure === null ? DONE : { ok: false, failure };
  }
}

/** Lets `delayMs` pass; a negative delay does not even yield. */
export async function pass(clock: Clock, delayMs: number): Promise<void> {
  if (delayMs < 0) return;
  await new Promise<void>((resolve) => {
    clock.after(delayMs, resolve);
  });
}

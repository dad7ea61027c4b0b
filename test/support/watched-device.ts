import { ok, type Err, type Result } from '../../shared/result.ts';
import { checkRange } from '../../main/block/bounds.ts';
import type { BlockDevice, Extent, ExtentKind } from '../../main/block/device.ts';

export type Operation = 'read' | 'write' | 'zero' | 'discard' | 'flush';

/** A disk in memory that writes down what it is asked, and can be made to wait or to fail, by operation. */
export class WatchedDevice implements BlockDevice {
  readonly name = 'watched';
  readonly remote = false;
  readonly readOnly: boolean;
  bytes: Uint8Array;
  /** `write 0+512`, `flush`: what was carried out, in order. */
  readonly log: string[] = [];
  /** The next requests of a kind fail. */
  readonly failing = new Map<Operation, Err>();
  kindAt: (offset: number) => ExtentKind = () => 'data';
  readonly #holding = new Set<Operation>();
  #held: { operation: Operation; go: () => void }[] = [];

  constructor(lengthBytes: number, readOnly = false) {
    this.bytes = new Uint8Array(lengthBytes);
    this.readOnly = readOnly;
  }

  get lengthBytes(): number {
    return this.bytes.length;
  }

  hold(operation: Operation): void {
    this.#holding.add(operation);
  }

  /** Lets through what waits, and what comes. */
  release(operation: Operation): void {
    this.#holding.delete(operation);
    const held = this.#held;
    this.#held = held.filter((one) => one.operation !== operation);
    for (const one of held) if (one.operation === operation) one.go();
  }

  /** How many requests of a kind wait. */
  waiting(operation: Operation): number {
    return this.#held.filter((one) => one.operation === operation).length;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const begun = await this.#begin('read', offset, target.length);
    if (begun.ok) target.set(this.bytes.subarray(offset, offset + target.length));
    return begun;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const begun = await this.#begin('write', offset, data.length);
    if (begun.ok) this.bytes.set(data, offset);
    return begun;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const begun = await this.#begin('zero', offset, length);
    if (begun.ok) this.bytes.fill(0, offset, offset + length);
    return begun;
  }

  discard(offset: number, length: number): Promise<Result<void>> {
    return this.#begin('discard', offset, length);
  }

  flush(): Promise<Result<void>> {
    return this.#begin('flush', 0, 0);
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const kind = this.kindAt(offset);
    let end = offset + 1;
    while (end < offset + length && this.kindAt(end) === kind) end++;
    return ok({ offset, length: end - offset, kind });
  }

  async close(): Promise<Result<void>> {
    return ok(undefined);
  }

  async #begin(operation: Operation, offset: number, length: number): Promise<Result<void>> {
    const inside = checkRange(this, offset, length);
    if (!inside.ok) return inside;
    if (this.#holding.has(operation)) {
      await new Promise<void>((go) => this.#held.push({ operation, go }));
    }
    const failure = this.failing.get(operation);
    if (failure !== undefined) return failure;
    this.log.push(operation === 'flush' ? 'flush' : `${operation} ${offset}+${length}`);
    return ok(undefined);
  }
}

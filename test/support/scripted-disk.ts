import { DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import { checkRange } from '../../main/block/bounds.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';

export type ScriptedOperation = 'read' | 'write' | 'flush';

/**
 * A disk in memory whose requests a test can hold up or fail, one by one. It stores a write when the write is let
 * through, so that a caller that reads too early sees old bytes.
 */
export class ScriptedDisk implements BlockDevice {
  readonly name = 'scripted';
  readonly readOnly = false;
  readonly remote = false;
  readonly lengthBytes: number;
  readonly bytes: Uint8Array;
  /** What was carried out, in order: `read 0+512`, `flush`, … */
  readonly log: string[] = [];
  closed = false;
  readonly #held: { operation: ScriptedOperation; go: () => void }[] = [];
  readonly #arrivals: (() => void)[] = [];
  readonly #holding = new Set<ScriptedOperation>();
  readonly #failures = new Map<ScriptedOperation, Err[]>();

  constructor(lengthBytes: number) {
    this.lengthBytes = lengthBytes;
    this.bytes = new Uint8Array(lengthBytes);
  }

  /** From now on requests of this kind wait until {@link release}. */
  hold(operation: ScriptedOperation): void {
    this.#holding.add(operation);
  }

  /** Lets through what waits, and what comes. */
  release(operation: ScriptedOperation): void {
    this.#holding.delete(operation);
    for (const held of this.#held.splice(0)) {
      if (held.operation === operation) held.go();
      else this.#held.push(held);
    }
  }

  /** Resolves when a request of this kind waits. */
  async held(operation: ScriptedOperation): Promise<void> {
    while (this.waiting(operation) === 0) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  /** How many requests of this kind wait now. */
  waiting(operation: ScriptedOperation): number {
    return this.#held.filter((held) => held.operation === operation).length;
  }

  /** The next requests of this kind fail, one for each failure. */
  fail(operation: ScriptedOperation, ...failures: Err[]): void {
    this.#failures.set(operation, [...(this.#failures.get(operation) ?? []), ...failures]);
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = await this.#enter('read', offset, target.length);
    if (!allowed.ok) return allowed;
    target.set(this.bytes.subarray(offset, offset + target.length));
    return DONE;
  }

  /** As `BlockPortClient` offers it. */
  async readOwned(offset: number, length: number): Promise<Result<Uint8Array>> {
    const target = new Uint8Array(length);
    const result = await this.read(offset, target);
    return result.ok ? ok(target) : result;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = await this.#enter('write', offset, data.length);
    if (!allowed.ok) return allowed;
    this.bytes.set(data, offset);
    return DONE;
  }

  writeZeroes(offset: number, length: number): Promise<Result<void>> {
    return this.write(offset, new Uint8Array(length));
  }

  async discard(): Promise<Result<void>> {
    return DONE;
  }

  flush(): Promise<Result<void>> {
    return this.#enter('flush', 0, 0);
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return ok({ kind: 'data', offset, length, fileOffset: offset });
  }

  async close(): Promise<Result<void>> {
    this.closed = true;
    return DONE;
  }

  async #enter(operation: ScriptedOperation, offset: number, length: number): Promise<Result<void>> {
    if (this.closed) return err('closed', 'scripted is closed');
    const inside = checkRange(this, offset, length);
    if (!inside.ok) return inside;
    if (this.#holding.has(operation)) {
      await new Promise<void>((go) => {
        this.#held.push({ operation, go });
        for (const arrived of this.#arrivals.splice(0)) arrived();
      });
    }
    const failure = this.#failures.get(operation)?.shift();
    if (failure) return failure;
    this.log.push(operation === 'flush' ? 'flush' : `${operation} ${offset}+${length}`);
    return DONE;
  }
}

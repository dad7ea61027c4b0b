import type { Clock } from '../../../shared/clock.ts';

/** What has been said about one key lately. */
interface Slot<Value> {
  readonly cancel: () => void;
  /** The latest value that waits for its turn. */
  pending: { readonly value: Value } | undefined;
}

/**
 * Lets the first value of a key through at once, then the latest at most once per interval: what happens seldom is told
 * without delay, what happens all the time costs no more than a fixed rate, and the last value always arrives.
 */
export class Coalescer<Value> {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #emit: (value: Value) => void;
  readonly #slots = new Map<string, Slot<Value>>();

  constructor(clock: Clock, intervalMs: number, emit: (value: Value) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#emit = emit;
  }

  offer(key: string, value: Value): void {
    const slot = this.#slots.get(key);
    if (slot) slot.pending = { value };
    else this.#pass(key, value);
  }

  /** Forgets what waits: the key's subject is gone. */
  drop(key: string): void {
    this.#slots.get(key)?.cancel();
    this.#slots.delete(key);
  }

  #pass(key: string, value: Value): void {
    const cancel = this.#clock.after(this.#intervalMs, () => {
      const pending = this.#slots.get(key)?.pending;
      this.#slots.delete(key);
      if (pending) this.#pass(key, pending.value);
    });
    this.#slots.set(key, { cancel, pending: undefined });
    this.#emit(value);
  }
}

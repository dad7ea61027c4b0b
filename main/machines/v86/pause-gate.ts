/** Why the emulator must not run now. */
export type Hold =
  /** The user paused it. */
  | 'user'
  /** The disk does not answer: the guest's clock must stand still, or it would give up on its disk. */
  | 'disk'
  /** A command (reset, stop) needs it quiet. */
  | 'command';

export interface Engine {
  run(): Promise<void>;
  /** Resolves when no guest instruction is executed any more. */
  stop(): Promise<void>;
}

/**
 * Runs the emulator exactly while nobody holds it. Calls of `run` and `stop` never overlap: v86 forgets a stop that
 * is followed by a run before it took effect, and its promise would wait for ever.
 */
export class PauseGate {
  readonly #onChange: (holds: ReadonlySet<Hold>) => void;
  readonly #holds = new Set<Hold>();
  #engine: Engine | null = null;
  #running = false;
  #stale = false;
  #settling: Promise<void> | null = null;

  /** @param onChange told after the emulator follows the holds. */
  constructor(onChange: (holds: ReadonlySet<Hold>) => void) {
    this.#onChange = onChange;
  }

  isHeldBy(reason: Hold): boolean {
    return this.#holds.has(reason);
  }

  /** Hands over the emulator, stopped; it runs from now on unless somebody holds it already. */
  attach(engine: Engine): Promise<void> {
    this.#engine = engine;
    return this.#changed();
  }

  /** Resolves when the emulator stands still. */
  hold(reason: Hold): Promise<void> {
    this.#holds.add(reason);
    return this.#changed();
  }

  /** Resolves when the emulator runs, or stands still for another reason. */
  release(reason: Hold): Promise<void> {
    return this.#holds.delete(reason) ? this.#changed() : Promise.resolve();
  }

  #changed(): Promise<void> {
    this.#stale = true;
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  async #settle(): Promise<void> {
    await Promise.resolve(); // so that `#settling` is set before the end of this function clears it
    while (this.#stale) {
      this.#stale = false;
      const wanted = this.#holds.size === 0;
      if (this.#engine !== null && wanted !== this.#running) {
        await (wanted ? this.#engine.run() : this.#engine.stop());
        this.#running = wanted;
      }
      this.#onChange(this.#holds);
    }
    this.#settling = null;
  }
}

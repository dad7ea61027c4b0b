import { Cell } from '../reactive/cell.ts';

type Say = () => string;

export interface Notice {
  readonly id: number;
  readonly level: 'info' | 'warning' | 'error';
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** In the language that is shown when it is asked, which may be changed while the notice stands. */
  readonly say: Say;
  readonly action?: { readonly label: Say; readonly run: () => void } | undefined;
}

/** So many can be read again. */
const MOST_PAST = 200;
/** How long each stands, unless it is held. What went wrong is worth a longer look. */
const SHOWN_MS: Readonly<Record<Notice['level'], number>> = { info: 8000, warning: 20_000, error: 20_000 };

/** What a window tells in passing. Each goes by itself after a while, but not while somebody reads. */
export class Notices {
  readonly #nowMs: () => number;
  readonly #shown = new Cell<readonly Notice[]>([]);
  readonly #past = new Cell<readonly Notice[]>([]);
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #held = false;
  #lastId = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** What stands, the newest last. A window shows as many as have room. */
  get shown(): readonly Notice[] {
    return this.#shown.value;
  }

  /** What was told since the window was opened, the newest first. */
  get past(): readonly Notice[] {
    return this.#past.value;
  }

  add(level: Notice['level'], say: Say, action?: Notice['action']): void {
    const notice = { id: (this.#lastId += 1), level, atMs: this.#nowMs(), say, action };
    const text = say();
    for (const other of this.shown) if (other.say() === text) this.dismiss(other.id);
    this.#shown.value = [...this.shown, notice];
    this.#past.value = [notice, ...this.past].slice(0, MOST_PAST);
    if (!this.#held) this.#letPass(notice);
  }

  dismiss(id: number): void {
    this.#shown.value = this.shown.filter((notice) => notice.id !== id);
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  dismissAll(): void {
    for (const { id } of this.shown) this.dismiss(id);
  }

  /** None goes by itself until {@link release}; then each stands for its whole time again. */
  hold(): void {
    this.#held = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const notice of this.shown) this.#letPass(notice);
  }

  #letPass({ id, level }: Notice): void {
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), SHOWN_MS[level]),
    );
  }
}

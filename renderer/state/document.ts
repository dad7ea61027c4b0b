import type { Result } from '../../shared/result.ts';
import { Cell } from '../reactive/cell.ts';
import type { Loading } from './collection.ts';
import { repeatGuard } from './repeat-guard.ts';

const RELOAD_SPACING_MS = 1000;

/** A value kept current by news that carry it whole. What arrives while a snapshot is on its way is newer than that. */
export class Document<Value> {
  readonly #value = new Cell<Value | undefined>(undefined);
  readonly #loading = new Cell<Loading>({ status: 'loading' });
  #changes = 0;
  readonly reload: () => Promise<void>;

  constructor(load: () => Promise<Result<Value>>, wait?: (delayMs: number) => Promise<void>) {
    this.reload = repeatGuard(() => this.#take(load), RELOAD_SPACING_MS, wait);
  }

  get loading(): Loading {
    return this.#loading.value;
  }

  get value(): Value | undefined {
    return this.#value.value;
  }

  put(value: Value): void {
    this.#changes += 1;
    this.#value.value = value;
    this.#loading.value = { status: 'ready' };
  }

  async #take(load: () => Promise<Result<Value>>): Promise<void> {
    const before = this.#changes;
    const snapshot = await load();
    if (this.#changes !== before) return;
    if (snapshot.ok) this.put(snapshot.value);
    else this.#loading.value = { status: 'failed', failure: snapshot.failure };
  }
}

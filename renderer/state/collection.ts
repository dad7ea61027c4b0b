import { SvelteMap } from 'svelte/reactivity';
import type { Failure, Result } from '../../shared/result.ts';
import { Cell } from '../reactive/cell.ts';
import { repeatGuard } from './repeat-guard.ts';

export type Loading =
  { readonly status: 'loading' | 'ready' } | { readonly status: 'failed'; readonly failure: Failure };

/** Snapshots after gaps start at least this far apart, so that a burst of gaps is not a burst of questions. */
const RELOAD_SPACING_MS = 1000;

/**
 * A list kept current by news of single entries. A snapshot is asked for at the start and when news was missed; what
 * changes while it is on its way wins over it, because it may have been taken before.
 */
export class Collection<Entry extends { readonly id: string }> {
  readonly #entries = new SvelteMap<string, Entry>();
  readonly #loading = new Cell<Loading>({ status: 'loading' });
  /** News since the snapshot under way was asked for; null for what was removed. */
  #meanwhile: Map<string, Entry | null> | undefined;
  readonly reload: () => Promise<void>;

  constructor(load: () => Promise<Result<readonly Entry[]>>, wait?: (delayMs: number) => Promise<void>) {
    this.reload = repeatGuard(() => this.#take(load), RELOAD_SPACING_MS, wait);
  }

  get loading(): Loading {
    return this.#loading.value;
  }

  get all(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  put(entry: Entry): void {
    this.#meanwhile?.set(entry.id, entry);
    this.#entries.set(entry.id, entry);
  }

  remove(id: string): void {
    this.#meanwhile?.set(id, null);
    this.#entries.delete(id);
  }

  async #take(load: () => Promise<Result<readonly Entry[]>>): Promise<void> {
    const meanwhile = new Map<string, Entry | null>();
    this.#meanwhile = meanwhile;
    const snapshot = await load();
    this.#meanwhile = undefined;
    if (snapshot.ok) this.#replace(snapshot.value, meanwhile);
    this.#loading.value = snapshot.ok ? { status: 'ready' } : { status: 'failed', failure: snapshot.failure };
  }

  #replace(snapshot: readonly Entry[], meanwhile: ReadonlyMap<string, Entry | null>): void {
    const next = new Map<string, Entry | null>([
      ...snapshot.map((entry) => [entry.id, entry] as const),
      ...meanwhile,
    ]);
    for (const id of [...this.#entries.keys()]) {
      if (!next.get(id)) this.#entries.delete(id);
    }
    for (const [id, entry] of next) {
      if (entry) this.#entries.set(id, entry);
    }
  }
}

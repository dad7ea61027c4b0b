import { jsonOf } from '../../shared/json.ts';
import { ok, type Result } from '../../shared/result.ts';
import { preferencesSchema, type Preferences, type PreferencesChange } from '../../shared/preferences.ts';
import type { Catalog } from '../catalog/catalog.ts';

export interface PreferencesParts {
  readonly catalog: Catalog;
  readonly publish: (name: 'preferences.changed', preferences: Preferences) => void;
  /** Told when a value that is stored cannot be used; its default counts instead. */
  readonly onDamage?: (key: string) => void;
  /** Moves what lies in the storage folder before the preference is stored; a failure keeps the old one. */
  readonly moveStorage?: (folder: string | null) => Promise<Result<void>>;
}

type Listener = (preferences: Preferences) => void;

/** What the user can set. Every value has a default, so that a fresh installation needs no choice. */
export class PreferencesService {
  readonly #parts: PreferencesParts;
  readonly #listeners = new Set<Listener>();
  #current: Preferences;

  /** Reads the stored values, each by itself: one that lost its form does not cost the others. */
  static open(parts: PreferencesParts): Result<PreferencesService> {
    const stored = parts.catalog.read(({ preferences }) => preferences.all());
    if (!stored.ok) return stored;
    let current = preferencesSchema.parse({});
    for (const [key, text] of stored.value) {
      const value = jsonOf(text);
      const merged = preferencesSchema.safeParse({ ...current, [key]: value });
      if (value !== undefined && merged.success) current = merged.data;
      else parts.onDamage?.(key);
    }
    return ok(new PreferencesService(parts, current));
  }

  private constructor(parts: PreferencesParts, current: Preferences) {
    this.#parts = parts;
    this.#current = current;
  }

  get current(): Preferences {
    return this.#current;
  }

  /** @returns a function that removes the listener */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async get(): Promise<Result<Preferences>> {
    return ok(this.#current);
  }

  /** Changes some of them; those left out stay as they are. Answers with all of them. */
  async set(change: PreferencesChange): Promise<Result<Preferences>> {
    const named = Object.entries(change).filter(([, value]) => value !== undefined);
    const folder = change.storageFolder;
    if (folder !== undefined && folder !== this.#current.storageFolder) {
      const moved = await this.#parts.moveStorage?.(folder);
      if (moved?.ok === false) return moved;
    }
    // Read now, not before the move: others may have changed something meanwhile.
    const next = preferencesSchema.parse({ ...this.#current, ...Object.fromEntries(named) });
    const stored = this.#parts.catalog.change(({ preferences }) => {
      for (const [key, value] of named) preferences.set(key, JSON.stringify(value));
    });
    if (!stored.ok) return stored;
    this.#current = next;
    for (const listener of [...this.#listeners]) listener(next);
    this.#parts.publish('preferences.changed', next);
    return ok(next);
  }
}

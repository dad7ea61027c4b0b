import type { Notice } from '../../../shared/ipc/notices.ts';
import type { Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** `facts` are needed of what is told to the user. */
export type Happening = Omit<Notice, 'facts'> & { readonly facts?: string[] };

export interface JournalParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  readonly notice: (notice: Notice) => void;
  /** For what must not go unheard and cannot be told otherwise. */
  readonly warn: (text: string) => void;
}

/** What happened: kept in the catalog, and told to the user where a screen does not show it. */
export class Journal {
  readonly #parts: JournalParts;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  note(happening: Happening): void {
    const { catalog, nowMs } = this.#parts;
    const { level, kind, subject, text } = happening;
    this.heard(catalog.note(({ events }) => events.add({ atMs: nowMs(), level, kind, subject, text })));
  }

  tell(happening: Happening): void {
    this.note(happening);
    this.#parts.notice({ facts: [], ...happening });
  }

  /** As {@link tell}, once for each kind and subject, over all starts of the program. */
  tellOnce(happening: Happening & { readonly subject: string }): void {
    const known = this.#parts.catalog.read(({ events }) => events.has(happening.kind, happening.subject));
    if (!known.ok || !known.value) this.tell(happening);
  }

  /** It is over: should it happen again, it is told again. */
  forget(kind: string, subject: string): void {
    const { catalog } = this.#parts;
    const known = catalog.read(({ events }) => events.has(kind, subject));
    if (known.ok && known.value) this.heard(catalog.note(({ events }) => events.forget(kind, subject)));
  }

  /** For results that nobody waits for. What ends because the program does is nothing to tell of. */
  heard(result: Result<unknown>): void {
    if (!result.ok && result.failure.code !== 'closed') this.#parts.warn(result.failure.message);
  }
}

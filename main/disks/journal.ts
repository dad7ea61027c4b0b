import type { Notice } from '../../shared/ipc/notices.ts';
import type { Failure, Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';

/** What happened, as it is written down. */
export type Happening = Pick<Notice, 'level' | 'subject' | 'text'> & { readonly kind: string };

/** What happened, as the user is told of it. */
export type Telling = Omit<Notice, 'failure'> & { readonly failure?: Failure };

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
    this.report(catalog.note(({ events }) => events.add({ atMs: nowMs(), level, kind, subject, text })));
  }

  tell(told: Telling): void {
    this.note(told);
    this.#parts.notice({ failure: null, ...told });
  }

  /** As {@link tell}, once for each kind and subject, over all starts of the program. */
  tellOnce(told: Telling & { readonly subject: string }): void {
    const known = this.#parts.catalog.read(({ events }) => events.has(told.kind, told.subject));
    if (!known.ok || !known.value) this.tell(told);
  }

  /** It is over: should it happen again, it is told again. */
  forget(kind: string, subject: string): void {
    const { catalog } = this.#parts;
    const known = catalog.read(({ events }) => events.has(kind, subject));
    if (known.ok && known.value) this.report(catalog.note(({ events }) => events.forget(kind, subject)));
  }

  /** For results that nobody waits for. What ends because the program does is nothing to tell of. */
  report(result: Result<unknown>): void {
    if (!result.ok && result.failure.code !== 'closed') this.#parts.warn(result.failure.message);
  }
}

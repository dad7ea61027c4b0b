import {
  MOST_PAST_NOTICES,
  pastNoticeSchema,
  type Notice,
  type PastNotice,
} from '../../shared/ipc/notices.ts';
import { ok, type Failure, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { EventRow } from '../catalog/tables/events.ts';

/** What happened, as it is written down. */
export type Happening = Pick<Notice, 'level' | 'subject' | 'text'> & { readonly kind: string };

/** What happened, as the user is told of it. */
export type Telling = Omit<Notice, 'failure'> & { readonly failure?: Failure | null };

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
    this.#add(happening, null);
  }

  tell(told: Telling): void {
    const notice: Notice = { failure: null, ...told };
    const { facts, failure } = notice;
    this.#add(notice, { facts, failure });
    this.#parts.notice(notice);
  }

  /** What the user was told, the newest first. What another version told and this one has no words for is left out. */
  async list(): Promise<Result<PastNotice[]>> {
    const known = this.#parts.catalog.read(({ events }) => events.latestTold(MOST_PAST_NOTICES));
    if (!known.ok) return known;
    return ok(
      known.value.flatMap(({ told, ...event }) => {
        const past = pastNoticeSchema.safeParse({ ...event, ...told });
        return past.success ? [past.data] : [];
      }),
    );
  }

  #add({ level, kind, subject, text }: Happening, told: EventRow['told']): void {
    const { catalog, nowMs } = this.#parts;
    this.report(
      catalog.note(({ events }) => events.add({ atMs: nowMs(), level, kind, subject, text, told })),
    );
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

import type { ActivityView } from '../../shared/ipc/activities.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';

/** Why the signal of an activity was aborted: somebody did not want it any more, or the program ends. */
export type AbortReason = 'cancelled' | 'closing';

export interface ActivitiesParts {
  readonly newId: () => string;
  readonly changed: (activity: ActivityView) => void;
  readonly removed: (id: string) => void;
}

/** What the work itself has of it. */
export interface Activity {
  /** Aborted when it is to end, with an {@link AbortReason}. */
  readonly signal: AbortSignal;
  /** @param fraction from 0 to 1 */
  readonly progress: (fraction: number) => void;
}

interface Running {
  view: ActivityView;
  readonly abort: AbortController;
  /** Resolves when the work has ended. */
  readonly ended: Promise<unknown>;
}

/** Work that takes a while, for everybody who wants to see how far it is, or to end it. */
export class Activities {
  readonly #parts: ActivitiesParts;
  readonly #running = new Map<string, Running>();

  constructor(parts: ActivitiesParts) {
    this.#parts = parts;
  }

  async list(): Promise<Result<ActivityView[]>> {
    return ok([...this.#running.values()].map(({ view }) => view));
  }

  /** Does `work`, and tells of it meanwhile. */
  run<T>(
    about: Pick<ActivityView, 'kind' | 'subject' | 'name' | 'cancellable'>,
    work: (activity: Activity) => Promise<T>,
  ): Promise<T> {
    const id = this.#parts.newId();
    const abort = new AbortController();
    const done = work({
      signal: abort.signal,
      progress: (fraction) => this.#progress(id, fraction),
    });
    const ended = done.catch(() => undefined).then(() => this.#end(id));
    this.#running.set(id, { view: { id, fraction: null, ...about }, abort, ended });
    this.#tell(id);
    return done;
  }

  /** Asks the work to end, and waits until it has. */
  async cancel({ id }: { id: string }): Promise<Result<void>> {
    const running = this.#running.get(id);
    if (running === undefined) return DONE;
    if (!running.view.cancellable)
      return err('unsupported', `${running.view.name} cannot be interrupted`, {
        words: ['cannot-interrupt'],
      });
    await end([running], 'cancelled');
    return DONE;
  }

  /** Ends what is about this disk or master, and waits for it. */
  async cancelAbout(subject: string): Promise<void> {
    const about = [...this.#running.values()].filter(({ view }) => view.subject === subject);
    await end(about, 'cancelled');
  }

  isUnderWay(kind: ActivityView['kind'], subject: string): boolean {
    return [...this.#running.values()].some(({ view }) => view.kind === kind && view.subject === subject);
  }

  /** Asks everything to end, also what cannot be cancelled by hand, and waits for it. */
  async close(): Promise<void> {
    await end([...this.#running.values()], 'closing');
  }

  #progress(id: string, fraction: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.view = { ...running.view, fraction: Math.min(1, Math.max(0, fraction)) };
    this.#tell(id);
  }

  #end(id: string): void {
    this.#running.delete(id);
    this.#parts.removed(id);
  }

  #tell(id: string): void {
    const running = this.#running.get(id);
    if (running !== undefined) this.#parts.changed(running.view);
  }
}

async function end(activities: readonly Running[], reason: AbortReason): Promise<void> {
  for (const { abort } of activities) abort.abort(reason);
  await Promise.all(activities.map(({ ended }) => ended));
}

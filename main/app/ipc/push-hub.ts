import { PUSHES, type PushName, type PushPayload } from '../../../shared/ipc/contract.ts';
import type { Push } from '../../../shared/ipc/channel.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../log.ts';
import { Coalescer } from './coalescer.ts';

/** Four times a second and subject. */
const INTERVAL_MS = 250;

/** Sends one message to every window that is open now. */
export type Broadcast = (name: PushName, message: Push<unknown>) => void;

/**
 * Tells all windows what changed. Messages of a channel are numbered from 1; states of a machine, a disk or an activity are told at
 * most four times a second each, and none after the news that it is gone.
 */
export class PushHub {
  readonly #broadcast: Broadcast;
  readonly #log: Log;
  readonly #sequences = new Map<PushName, number>();
  readonly #observers = new Set<(name: PushName, payload: unknown) => void>();
  readonly #states: Coalescer<() => void>;

  constructor(broadcast: Broadcast, clock: Clock, log: Log) {
    this.#broadcast = broadcast;
    this.#log = log;
    this.#states = new Coalescer(clock, INTERVAL_MS, (send) => send());
  }

  readonly publish = <Name extends PushName>(name: Name, payload: PushPayload<Name>): void => {
    const subject = subjectOf(name, payload);
    if (subject?.gone) this.#states.drop(subject.key);
    if (subject && !subject.gone) this.#states.offer(subject.key, () => this.#send(name, payload));
    else this.#send(name, payload);
  };

  /** The main process's own ear, at the pace of windows. Returns a function that ends it. */
  on<Name extends PushName>(name: Name, listener: (payload: PushPayload<Name>) => void): () => void {
    const observer = (published: PushName, payload: unknown) => {
      if (published === name) listener(payload as PushPayload<Name>);
    };
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  #send<Name extends PushName>(name: Name, payload: PushPayload<Name>): void {
    const checked = PUSHES[name].safeParse(payload);
    if (!checked.success) {
      this.#log.bug(`push ${name}`, checked.error);
      return;
    }
    const sequence = (this.#sequences.get(name) ?? 0) + 1;
    this.#sequences.set(name, sequence);
    this.#broadcast(name, { sequence, payload: checked.data });
    for (const observer of this.#observers) observer(name, checked.data);
  }
}

/** The machine, disk or activity a push is about. */
function subjectOf(name: PushName, payload: unknown): { key: string; gone: boolean } | undefined {
  const match = /^(machine|disk|activity)\.(changed|removed)$/.exec(name);
  if (!match) return undefined;
  const { id } = payload as PushPayload<'machine.removed'>;
  return { key: `${match[1]} ${id}`, gone: match[2] === 'removed' };
}

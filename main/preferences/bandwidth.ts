import type { Clock } from '../../shared/clock.ts';
import type { Preferences } from '../../shared/preferences.ts';
import type { LocalTime } from './local-time.ts';
import { entryAt } from './schedule.ts';

/** What applies at present; rates in bytes per second, 0 for no limit. */
export interface BandwidthRules {
  /** For everything together. */
  readonly globalLimit: number;
  /** For each disk that has no limit of its own. */
  readonly diskLimit: number;
  /** Only what guests read is fetched from remote masters. */
  readonly metered: boolean;
}

export function rulesAt(
  { globalLimit, diskLimit, schedule, metered }: Preferences,
  time: LocalTime,
): BandwidthRules {
  const entry = entryAt(schedule, time);
  return { globalLimit: entry === null ? globalLimit : entry.limit, diskLimit, metered };
}

/** Limits change on whole minutes; a computer that slept through some notices soon after it woke. */
const MINUTE_MS = 60_000;
const LONGEST_WAIT_MS = 15_000;

export interface BandwidthParts {
  readonly clock: Clock;
  /** Wall clock, in milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly localTime: (nowMs: number) => LocalTime;
}

/** Follows the preferences and the clock on the wall, and tells when what applies has changed. */
export class Bandwidth {
  readonly #parts: BandwidthParts;
  readonly #listeners = new Set<(rules: BandwidthRules) => void>();
  #preferences: Preferences;
  #rules: BandwidthRules;
  #cancelTimer: () => void = () => undefined;

  constructor(preferences: Preferences, parts: BandwidthParts) {
    this.#parts = parts;
    this.#preferences = preferences;
    this.#rules = this.#evaluate();
    this.#wait();
  }

  get rules(): BandwidthRules {
    return this.#rules;
  }

  /** @returns a function that removes the listener */
  onChange(listener: (rules: BandwidthRules) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  setPreferences(preferences: Preferences): void {
    this.#preferences = preferences;
    this.#update();
  }

  stop(): void {
    this.#cancelTimer();
    this.#listeners.clear();
  }

  #evaluate(): BandwidthRules {
    return rulesAt(this.#preferences, this.#parts.localTime(this.#parts.nowMs()));
  }

  #update(): void {
    const rules = this.#evaluate();
    const before = this.#rules;
    this.#rules = rules;
    const same =
      rules.globalLimit === before.globalLimit &&
      rules.diskLimit === before.diskLimit &&
      rules.metered === before.metered;
    if (!same) for (const listener of [...this.#listeners]) listener(rules);
  }

  #wait(): void {
    const toMinuteMs = MINUTE_MS - (this.#parts.nowMs() % MINUTE_MS);
    this.#cancelTimer = this.#parts.clock.after(Math.min(toMinuteMs, LONGEST_WAIT_MS), () => {
      this.#update();
      this.#wait();
    });
  }
}

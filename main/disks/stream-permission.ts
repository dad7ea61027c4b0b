import type { DiskView, Priority } from '../../shared/ipc/machines.ts';
import type { BandwidthRules } from '../preferences/bandwidth.ts';
import { mayStream, type StreamSituation } from './stream-policy.ts';

export interface PermissionParts {
  readonly rules: () => BandwidthRules;
  /** Whether one more disk may stream while its machine is off. Asked again until it is given back. */
  readonly takeSlot: (id: string, priority: Priority) => boolean;
  readonly giveBackSlot: (id: string) => void;
}

/** Whether a disk may stream now, and what holds it up if not. */
export class StreamPermission {
  readonly #id: string;
  readonly #parts: PermissionParts;
  /** Over a metered line, until the program ends or the line is not metered any more. */
  #despiteMetered = false;
  #heldBy: DiskView['heldBy'] = null;

  /** @param id of the disk */
  constructor(id: string, parts: PermissionParts) {
    this.#id = id;
    this.#parts = parts;
  }

  /** What held it up when it was last asked for, though the user wants it. */
  get heldBy(): DiskView['heldBy'] {
    return this.#heldBy;
  }

  /** The user says so. */
  allowDespiteMetered(): void {
    this.#despiteMetered = true;
  }

  /** The rules are others now. */
  rulesChanged(): void {
    if (!this.#parts.rules().metered) this.#despiteMetered = false;
  }

  ask(situation: Omit<StreamSituation, 'rules' | 'despiteMetered'>): boolean {
    const { rules, takeSlot } = this.#parts;
    const verdict = mayStream({ ...situation, rules: rules(), despiteMetered: this.#despiteMetered });
    if (verdict !== 'in-turn') {
      // With its machine on a disk is open in any case: the turn is somebody else's.
      this.#parts.giveBackSlot(this.#id);
      this.#heldBy = verdict === 'now' || verdict === 'not-now' ? null : verdict;
      return verdict === 'now';
    }
    const hasSlot = takeSlot(this.#id, situation.rows.stream.priority);
    this.#heldBy = hasSlot ? null : 'turn';
    return hasSlot;
  }
}

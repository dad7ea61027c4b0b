import type { BandwidthRules } from '../preferences/bandwidth.ts';
import type { DiskRows } from './disk-rows.ts';
import { fillingCopy, isFarAway } from './overlay-chain.ts';

/** All that decides whether a disk streams now. */
export interface StreamSituation {
  readonly rows: DiskRows;
  readonly rules: BandwidthRules;
  /** Nothing behind the image is needed any more. */
  readonly complete: boolean;
  /** The image can be used as far as is known. */
  readonly usable: boolean;
  /** The user lets it stream over a metered line. */
  readonly despiteMetered: boolean;
  /** A machine has it open, or machines read it through its thread. */
  readonly inUse: boolean;
  /** It could not be opened the last time. */
  readonly openFailed: boolean;
  /** Something needs the image for itself: a check, an export, a move. */
  readonly occupied: boolean;
}

/**
 * `in-turn`: when it is its turn among the disks whose machines are off. `metered`: were it not for the line. `copy`: when
 * the copy it lies on is complete, which has all of it then. `work`: when the work on its image is done.
 */
export type StreamVerdict = 'now' | 'in-turn' | 'metered' | 'copy' | 'work' | 'not-now';

export function mayStream(situation: StreamSituation): StreamVerdict {
  const { rows, rules, complete, usable, despiteMetered, inUse, openFailed, occupied } = situation;
  const { row, stream, masters } = rows;
  if (row.kind === 'linked' || stream.wanted !== 'running' || stream.failure !== null) return 'not-now';
  if (complete || !usable) return 'not-now';
  if (occupied) return 'work';
  if (fillingCopy(masters) !== null) return 'copy';
  // On a metered line only what guests read comes over the network.
  if (rules.metered && !despiteMetered && isFarAway(masters)) return 'metered';
  if (inUse) return 'now';
  return openFailed ? 'not-now' : 'in-turn';
}

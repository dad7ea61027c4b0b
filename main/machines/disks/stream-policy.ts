import type { BandwidthRules } from '../../preferences/bandwidth.ts';
import type { DiskRows } from './disk-rows.ts';
import { isFarAway } from './overlay-chain.ts';

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
  readonly machineIsOn: boolean;
  /** It could not be opened the last time. */
  readonly openFailed: boolean;
}

/** `in-turn`: when it is its turn among the disks whose machines are off. `metered`: were it not for the line. */
export type StreamVerdict = 'now' | 'in-turn' | 'metered' | 'not-now';

export function mayStream(situation: StreamSituation): StreamVerdict {
  const { rows, rules, complete, usable, despiteMetered, machineIsOn, openFailed } = situation;
  const { row, stream, masters } = rows;
  if (row.kind === 'linked' || stream.wanted !== 'running' || stream.failure !== null) return 'not-now';
  if (complete || !usable) return 'not-now';
  // On a metered line only what guests read comes over the network.
  if (rules.metered && !despiteMetered && isFarAway(masters)) return 'metered';
  if (machineIsOn) return 'now';
  return openFailed ? 'not-now' : 'in-turn';
}

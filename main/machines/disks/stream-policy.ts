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
  readonly machineIsOn: boolean;
  /** It could not be opened the last time. */
  readonly openFailed: boolean;
}

/** `in-turn`: when it is its turn among the disks whose machines are off. */
export type StreamVerdict = 'now' | 'in-turn' | 'not-now';

export function mayStream(situation: StreamSituation): StreamVerdict {
  const { rows, rules, complete, usable, machineIsOn, openFailed } = situation;
  const { row, stream } = rows;
  if (row.kind === 'linked' || stream.wanted !== 'running' || stream.failure !== null) return 'not-now';
  if (complete || !usable || isHeldBack(rows, rules)) return 'not-now';
  if (machineIsOn) return 'now';
  return openFailed ? 'not-now' : 'in-turn';
}

/** The user wants it to stream, but on a metered line only what guests read comes over the network. */
export function isHeldBack({ stream, masters }: DiskRows, rules: BandwidthRules): boolean {
  return stream.wanted === 'running' && rules.metered && isFarAway(masters);
}

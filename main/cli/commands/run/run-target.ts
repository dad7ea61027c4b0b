import type { Guest } from '../../../../shared/hardware.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';

/** A machine that can be run, and the master its overlay lies on. */
export interface RunTarget {
  readonly name: string;
  /** Names the user's own overlay of it: an overlay only makes sense over the very master it was made for. */
  readonly overlayName: string;
  readonly memoryMiB: number;
  /** What its guest is made for, where its description says so. */
  readonly made: Guest;
  readonly diskBytes: number;
  readonly loginHint?: string | undefined;
  /** As overlays name it. */
  readonly master: ImageChain;
}

/** @param master what tells it from every other: the hash of its content, or its id */
export function overlayNameOf(id: string, master: string): string {
  return `${id}-${master.slice(0, 12)}.qed`;
}

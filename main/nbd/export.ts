import { KIB } from '../../shared/units.ts';
import type { BlockDevice } from '../block/device.ts';
import { FLAG, PORTABLE_MAX_BYTES } from '../block/nbd/protocol.ts';

/** What requests must keep to, in bytes. */
export interface BlockSizes {
  /** Offsets and lengths are multiples of this power of two, up to 64 KiB. */
  readonly minimum: number;
  /** From this power of two on requests are efficient. */
  readonly preferred: number;
  /** Longest request with data. */
  readonly maximum: number;
}

export const DEFAULT_BLOCK_SIZES: BlockSizes = {
  minimum: 1,
  preferred: 4 * KIB,
  maximum: PORTABLE_MAX_BYTES,
};

/** A disk that clients may ask for. The device stays its owner's. */
export interface NbdExport {
  /** Up to 4096 bytes of UTF-8; the empty name is what a client gets that asks for none. */
  readonly name: string;
  /** For people. */
  readonly description?: string | undefined;
  readonly device: BlockDevice;
  /** Refuses writes also where the device would take them. */
  readonly readOnly?: boolean | undefined;
  /** Marking zeroes is cheaper than writing them: true of formats that have a mark for it. */
  readonly fastZeroes?: boolean | undefined;
  /** False: clients are told to use one connection. Flushes cover what came over all connections in any case. */
  readonly multiConn?: boolean | undefined;
  readonly blockSizes?: BlockSizes | undefined;
  /** True while another thread copies for the disk, which wants a processor for itself. Default: never. */
  readonly copying?: (() => boolean) | undefined;
}

export function isReadOnly({ device, readOnly }: NbdExport): boolean {
  return device.readOnly || readOnly === true;
}

/** @param structured whether this client takes structured replies */
export function transmissionFlags(served: NbdExport, structured: boolean): number {
  const writing = FLAG.sendTrim | FLAG.sendWriteZeroes | FLAG.sendFastZero;
  return (
    FLAG.hasFlags |
    FLAG.sendFlush |
    FLAG.sendFua |
    FLAG.sendCache |
    (isReadOnly(served) ? FLAG.readOnly : writing) |
    (structured ? FLAG.sendDf : 0) |
    (served.multiConn === false ? 0 : FLAG.canMultiConn)
  );
}

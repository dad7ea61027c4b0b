import { DONE, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { COMMAND_FLAG, ERROR } from '../../block/nbd/protocol.ts';
import { ZEROES } from '../../block/zeroes.ts';
import type { NbdExport } from '../export.ts';
import type { Refusal } from './refusal.ts';
import type { NbdRequest } from './request.ts';

const NOT_FAST: Refusal = {
  error: ERROR.notsup,
  message: 'zeroing this range takes as long as writing zeroes',
};

/** Why a request for zeroes cannot be met as fast as it is wanted; null where it can, or need not. */
export function checkFastZeroes({ flags }: NbdRequest, served: NbdExport): Refusal | null {
  const fast = served.fastZeroes === true && (flags & COMMAND_FLAG.noHole) === 0;
  return (flags & COMMAND_FLAG.fastZero) === 0 || fast ? null : NOT_FAST;
}

/** Makes a range read as zeroes; with space of its own where the client wants to meet no full disk later. */
export async function zero(
  device: BlockDevice,
  { offset, length, flags }: NbdRequest,
): Promise<Result<void>> {
  if ((flags & COMMAND_FLAG.noHole) === 0) return device.writeZeroes(offset, length);
  for (let done = 0; done < length; done += ZEROES.length) {
    const piece = ZEROES.subarray(0, Math.min(ZEROES.length, length - done));
    const written = await device.write(offset + done, piece);
    if (!written.ok) return written;
  }
  return DONE;
}

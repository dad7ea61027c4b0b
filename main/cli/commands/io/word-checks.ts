import { isAligned, SECTOR_BYTES } from '../../../../shared/units.ts';
import type { Call } from './call.ts';

/** Reads the operands `off len`; false after saying what is wrong with them. */
export function rangeOperands(
  call: Call,
  operands: readonly string[],
): { readonly offset: number; readonly length: number } | false {
  const [offsetText, lengthText] = operands;
  if (operands.length !== 2 || offsetText === undefined || lengthText === undefined) return call.misused();
  const offset = call.size(offsetText);
  if (offset === false) return false;
  const length = call.size(lengthText);
  return length !== false && { offset, length };
}

/** VM state and compressed data come in whole sectors: what is wrong with a range of them, or null. */
export function alignmentProblem(offset: number, length: number): string | null {
  if (!isAligned(offset, SECTOR_BYTES)) return `${offset} is not a sector-aligned value for 'offset'`;
  if (!isAligned(length, SECTOR_BYTES)) return `${length} is not a sector-aligned value for 'count'`;
  return null;
}

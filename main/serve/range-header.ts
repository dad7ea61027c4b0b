import type { Range } from '../block/range.ts';

const ONE_RANGE = /^bytes=(\d{0,16})-(\d{0,16})$/;

/**
 * What a `Range` field asks for of a file (RFC 9110, section 14.1.2). Null means the whole file: there is no field,
 * or one that may be ignored because it makes no sense or asks for several ranges.
 */
export function parseRangeHeader(
  field: string | undefined,
  lengthBytes: number,
): Range | 'unsatisfiable' | null {
  const match = ONE_RANGE.exec(field ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return null;
  if (first === '') {
    const length = Math.min(Number(last), lengthBytes);
    return length === 0 ? 'unsatisfiable' : { offset: lengthBytes - length, length };
  }
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return null;
  if (offset >= lengthBytes) return 'unsatisfiable';
  const end = last === '' ? lengthBytes : Math.min(Number(last) + 1, lengthBytes);
  return { offset, length: end - offset };
}

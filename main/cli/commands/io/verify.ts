/** What `-P`, `-s` and `-l` ask of the bytes that were read. */
export interface Verification {
  readonly pattern: number;
  /** Where in the bytes read the comparison begins. */
  readonly start: number;
  readonly length: number;
}

/** True when every byte is `pattern`: the first is compared with it and the rest with itself, shifted by one. */
export function isFilledWith(bytes: Uint8Array, pattern: number): boolean {
  if (bytes.length === 0) return true;
  if (bytes[0] !== pattern) return false;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.compare(view, 1, bytes.length, 0, bytes.length - 1) === 0;
}

/** What is wrong with bytes read from `offset` on, in QEMU's words; null when they are as expected. */
export function mismatch(
  bytes: Uint8Array,
  offset: number,
  { pattern, start, length }: Verification,
): string | null {
  if (isFilledWith(bytes.subarray(start, start + length), pattern)) return null;
  return `Pattern verification failed at offset ${offset + start}, ${length} bytes`;
}

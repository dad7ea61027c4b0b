/**
 * True when every byte is zero. The first byte is compared with zero and the rest with itself, shifted by a word: one
 * `memcmp`, which runs at tens of gigabytes a second and leaves early on data.
 */
export function isZero(bytes: Uint8Array): boolean {
  const length = bytes.length;
  const head = Math.min(length, 8);
  for (let i = 0; i < head; i++) if (bytes[i] !== 0) return false;
  if (length <= 8) return true;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  return view.compare(view, 8, length, 0, length - 8) === 0;
}

/** A shared block of zeroes to write from; never written to. */
export const ZEROES: Uint8Array = new Uint8Array(1024 * 1024);

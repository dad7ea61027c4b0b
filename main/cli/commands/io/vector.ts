import type { Call } from './call.ts';
import { MAX_REQUEST_BYTES } from './limits.ts';

/** Where a request on several buffers goes. Devices take one buffer, so the lengths only count together. */
export interface VectorRange {
  readonly offset: number;
  readonly length: number;
}

/** Reads `offset length [length..]`; false after saying what is wrong with it. */
export function vectorRange(call: Call, operands: readonly string[]): VectorRange | false {
  const [offsetText, ...lengths] = operands;
  if (offsetText === undefined || lengths.length === 0) return call.misused();
  const offset = call.size(offsetText);
  if (offset === false) return false;
  let length = 0;
  for (const text of lengths) {
    const part = call.size(text);
    if (part === false) return false;
    if (part > MAX_REQUEST_BYTES) {
      return call.refuse(`Argument '${text}' exceeds maximum size ${MAX_REQUEST_BYTES}`);
    }
    length += part;
    if (length > MAX_REQUEST_BYTES) {
      return call.refuse(`The total number of bytes exceed the maximum size ${MAX_REQUEST_BYTES}`);
    }
  }
  return { offset, length };
}

/** One key of QEMU's `input-send-event`. */
export interface QemuKey {
  readonly type: 'key';
  readonly data: {
    readonly down: boolean;
    /** The number of the key: its code of set 1, with the highest bit where that begins with E0. */
    readonly key: { readonly type: 'number'; readonly data: number };
  };
}

const EXTENDED = 0xe0;
/** Begins the Pause key, E1 1D 45, which has no code of its own; QEMU numbers it so. */
const PAUSE_PREFIX = 0xe1;
const PAUSE_BYTES = 3;
const PAUSE = 0xc6;
const RELEASED = 0x80;

/** Keys from what a keyboard sends, set 1. What is cut off at the end is left out. */
export function qemuKeys(codes: readonly number[]): QemuKey[] {
  const keys: QemuKey[] = [];
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === PAUSE_PREFIX) {
      keys.push(key(PAUSE, ((codes[at + 1] ?? 0) & RELEASED) === 0));
      at += PAUSE_BYTES - 1;
    } else if (code === EXTENDED) {
      const extended = codes[++at];
      if (extended !== undefined) keys.push(key((extended & 0x7f) | 0x80, (extended & RELEASED) === 0));
    } else {
      keys.push(key(code & 0x7f, (code & RELEASED) === 0));
    }
  }
  return keys;
}

function key(number: number, down: boolean): QemuKey {
  return { type: 'key', data: { down, key: { type: 'number', data: number } } };
}

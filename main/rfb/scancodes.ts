/** PC/AT scan codes, set 1, for the keys of a US keyboard. A code above 0xff is sent as two bytes, 0xe0 first. */

const RELEASED = 0x80;
const EXTENDED = 0xe000;
export const SHIFT = 0x2a;
export const CTRL = 0x1d;
export const RIGHT_CTRL = EXTENDED | 0x1d;
export const BREAK = EXTENDED | 0x46;
/** The one key that says everything when it is pressed and nothing when it is released; its code is of our making. */
export const PAUSE = 0xe100;
const PAUSE_PRESSED: readonly number[] = [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];

/** One key: its code, and for characters whether Shift must be held (undefined: does not matter). */
export interface UsKey {
  readonly code: number;
  readonly shift?: boolean;
}

const ROWS: readonly (readonly [firstCode: number, plain: string, shifted: string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
];

/** Keys without a character, by their X keysym (RFC 6143, 7.5.4). */
const NAMED: readonly (readonly [keysym: number, code: number])[] = [
  [0xff08, 0x0e], // BackSpace
  [0xff09, 0x0f], // Tab
  [0xfe20, 0x0f], // ISO_Left_Tab
  [0xff0a, 0x1c], // Linefeed
  [0xff0d, 0x1c], // Return
  [0xff1b, 0x01], // Escape
  [0xff14, 0x46], // Scroll_Lock
  [0xff50, EXTENDED | 0x47], // Home
  [0xff51, EXTENDED | 0x4b], // Left
  [0xff52, EXTENDED | 0x48], // Up
  [0xff53, EXTENDED | 0x4d], // Right
  [0xff54, EXTENDED | 0x50], // Down
  [0xff55, EXTENDED | 0x49], // Page_Up
  [0xff56, EXTENDED | 0x51], // Page_Down
  [0xff57, EXTENDED | 0x4f], // End
  [0xff61, EXTENDED | 0x37], // Print
  [0xff63, EXTENDED | 0x52], // Insert
  [0xff67, EXTENDED | 0x5d], // Menu
  [0xff7f, 0x45], // Num_Lock
  [0xff8d, EXTENDED | 0x1c], // KP_Enter
  [0xffaa, 0x37], // KP_Multiply
  [0xffab, 0x4e], // KP_Add
  [0xffad, 0x4a], // KP_Subtract
  [0xffaf, EXTENDED | 0x35], // KP_Divide
  [0xffae, 0x53], // KP_Decimal
  [0xff9f, 0x53], // KP_Delete
  [0xff9e, 0x52], // KP_Insert
  [0xff9c, 0x4f], // KP_End
  [0xff99, 0x50], // KP_Down
  [0xff9b, 0x51], // KP_Page_Down
  [0xff96, 0x4b], // KP_Left
  [0xff9d, 0x4c], // KP_Begin
  [0xff98, 0x4d], // KP_Right
  [0xff95, 0x47], // KP_Home
  [0xff97, 0x48], // KP_Up
  [0xff9a, 0x49], // KP_Page_Up
  ...[0x52, 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48, 0x49].map(
    (code, digit) => [0xffb0 + digit, code] as const,
  ), // KP_0 to KP_9
  ...Array.from({ length: 10 }, (_, index) => [0xffbe + index, 0x3b + index] as const), // F1 to F10
  [0xffc8, 0x57], // F11
  [0xffc9, 0x58], // F12
  [0xffe1, SHIFT], // Shift_L
  [0xffe2, 0x36], // Shift_R
  [0xffe3, CTRL], // Control_L
  [0xffe4, RIGHT_CTRL], // Control_R
  [0xffe5, 0x3a], // Caps_Lock
  [0xffe7, EXTENDED | 0x5b], // Meta_L
  [0xffe8, EXTENDED | 0x5c], // Meta_R
  [0xffe9, 0x38], // Alt_L
  [0xffea, EXTENDED | 0x38], // Alt_R
  [0xfe03, EXTENDED | 0x38], // ISO_Level3_Shift
  [0xffeb, EXTENDED | 0x5b], // Super_L
  [0xffec, EXTENDED | 0x5c], // Super_R
  [0xff13, PAUSE], // Pause
  [0xff6b, BREAK], // Break
  [0xffff, EXTENDED | 0x53], // Delete
];

const KEYS: ReadonlyMap<number, UsKey> = new Map<number, UsKey>([
  ...ROWS.flatMap(([firstCode, plain, shifted]) =>
    Array.from(plain).flatMap((character, index): [number, UsKey][] => [
      [character.charCodeAt(0), { code: firstCode + index, shift: false }],
      [shifted.charCodeAt(index), { code: firstCode + index, shift: true }],
    ]),
  ),
  [0x20, { code: 0x39 }],
  ...NAMED.map(([keysym, code]): [number, UsKey] => [keysym, { code }]),
]);

/** The key that has a keysym; undefined for characters a US keyboard does not have. */
export function usKey(keysym: number): UsKey | undefined {
  return KEYS.get(keysym);
}

/** The code of a key as QEMU's extended key event names it. */
export function fromXtCode(xtCode: number): number {
  if (xtCode === 0xc6) return PAUSE;
  return xtCode & 0x80 ? EXTENDED | (xtCode & 0x7f) : xtCode;
}

/** What a keyboard sends when the key of that code goes down or up. */
export function keyBytes(code: number, down: boolean): readonly number[] {
  if (code === PAUSE) return down ? PAUSE_PRESSED : [];
  const last = (code & 0x7f) | (down ? 0 : RELEASED);
  return code > 0xff ? [0xe0, last] : [last];
}

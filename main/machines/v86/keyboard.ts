/** PC/AT scan codes, set 1: a key released is its code with the top bit set; 0xe0 marks an extended key. */
const CTRL = 0x1d;
const ALT = 0x38;
const EXTENDED = 0xe0;
const DELETE = 0x53;
const RELEASED = 0x80;

/** Pressed in this order, released in the other. */
export const CTRL_ALT_DELETE: readonly number[] = [
  ...[CTRL, ALT, EXTENDED, DELETE],
  ...[EXTENDED, DELETE | RELEASED, ALT | RELEASED, CTRL | RELEASED],
];

/** Keys that the computer keeps for itself, for the menu: pressed in this order, released in the other. */
export interface KeyChord {
  readonly keys: readonly Key[];
}

/** What the messages have a word for; other keys are called by their own name in every language. */
export type NamedKey = 'Ctrl' | 'Alt' | 'Super' | 'Del' | 'Backspace' | 'Tab' | 'Esc' | 'Print' | 'Pause';

interface Key {
  readonly name: NamedKey | `F${number}`;
  /** X keysym. */
  readonly keysym: number;
  /** As in `KeyboardEvent.code`. */
  readonly code: string;
}

const CTRL: Key = { name: 'Ctrl', keysym: 0xffe3, code: 'ControlLeft' };
const ALT: Key = { name: 'Alt', keysym: 0xffe9, code: 'AltLeft' };
const SUPER: Key = { name: 'Super', keysym: 0xffeb, code: 'MetaLeft' };
const DELETE: Key = { name: 'Del', keysym: 0xffff, code: 'Delete' };
const BACKSPACE: Key = { name: 'Backspace', keysym: 0xff08, code: 'Backspace' };
const TAB: Key = { name: 'Tab', keysym: 0xff09, code: 'Tab' };
const ESCAPE: Key = { name: 'Esc', keysym: 0xff1b, code: 'Escape' };
const PRINT: Key = { name: 'Print', keysym: 0xff61, code: 'PrintScreen' };
const PAUSE: Key = { name: 'Pause', keysym: 0xff13, code: 'Pause' };

function functionKey(number: number): Key {
  return { name: `F${number}`, keysym: 0xffbd + number, code: `F${number}` };
}

const CONSOLES = [1, 2, 3, 4, 5, 6, 7].map(functionKey);

export const KEY_CHORDS: readonly KeyChord[] = [
  { keys: [CTRL, ALT, DELETE] },
  { keys: [CTRL, ALT, BACKSPACE] },
  ...CONSOLES.map((key) => ({ keys: [CTRL, ALT, key] })),
  { keys: [ALT, TAB] },
  { keys: [ALT, functionKey(4)] },
  { keys: [CTRL, ESCAPE] },
  { keys: [SUPER] },
  { keys: [ESCAPE] },
  { keys: [PRINT] },
  { keys: [PAUSE] },
];

export interface KeySink {
  sendKey(keysym: number, code: string | null, down?: boolean): void;
}

export function sendChord(sink: KeySink, { keys }: KeyChord): void {
  for (const { keysym, code } of keys) sink.sendKey(keysym, code, true);
  for (const { keysym, code } of keys.toReversed()) sink.sendKey(keysym, code, false);
}

/** How a chord is written, given what named keys are called. */
export function chordLabel({ keys }: KeyChord, names: Readonly<Record<NamedKey, string>>): string {
  return keys.map(({ name }) => (name in names ? names[name as NamedKey] : name)).join('+');
}

/** Gives keyboard and mouse back to the window: Ctrl+Alt+G, as in QEMU. By the place of the key, like all keys here. */
export function isReleaseChord({ ctrlKey, altKey, shiftKey, metaKey, code }: KeyboardEvent): boolean {
  return ctrlKey && altKey && !shiftKey && !metaKey && code === 'KeyG';
}

/** Keys that the computer keeps for itself, for the menu: pressed in this order, released in the other. */
export interface KeyChord {
  readonly label: string;
  readonly keys: readonly Key[];
}

/** An X keysym, and the key's name in `KeyboardEvent.code`. */
type Key = readonly [keysym: number, code: string];

const CTRL: Key = [0xffe3, 'ControlLeft'];
const ALT: Key = [0xffe9, 'AltLeft'];

const functionKey = (number: number): Key => [0xffbd + number, `F${number}`];

export const KEY_CHORDS: readonly KeyChord[] = [
  { label: 'Ctrl+Alt+Del', keys: [CTRL, ALT, [0xffff, 'Delete']] },
  ...[1, 2, 3, 4, 5, 6, 7].map((number) => ({
    label: `Ctrl+Alt+F${number}`,
    keys: [CTRL, ALT, functionKey(number)],
  })),
  { label: 'Alt+Tab', keys: [ALT, [0xff09, 'Tab']] },
  { label: 'Alt+F4', keys: [ALT, functionKey(4)] },
  { label: 'Super', keys: [[0xffeb, 'MetaLeft']] },
  { label: 'Print Screen', keys: [[0xff61, 'PrintScreen']] },
  { label: 'Escape', keys: [[0xff1b, 'Escape']] },
];

export interface KeySink {
  sendKey(keysym: number, code: string | null, down?: boolean): void;
}

export function sendChord(sink: KeySink, { keys }: KeyChord): void {
  for (const [keysym, code] of keys) sink.sendKey(keysym, code, true);
  for (const [keysym, code] of keys.toReversed()) sink.sendKey(keysym, code, false);
}

const RETURN = 0xff0d;
const TAB = 0xff09;

/** Types text as far as a US keyboard has its characters. @returns how many characters it does not have */
export function typeText(sink: KeySink, text: string): number {
  let left = 0;
  for (const character of text.replace(/\r\n?/g, '\n')) {
    const point = character.codePointAt(0) ?? 0;
    const keysym = character === '\n' ? RETURN : character === '\t' ? TAB : point;
    if (keysym === point && (point < 0x20 || point > 0x7e)) left++;
    else sink.sendKey(keysym, null);
  }
  return left;
}

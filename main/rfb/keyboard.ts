import { BREAK, CTRL, PAUSE, RIGHT_CTRL, SHIFT, fromXtCode, keyBytes, usKey } from './scancodes.ts';

const RIGHT_SHIFT = 0x36;

/**
 * The keyboard one viewer types on. Viewers name keys by their place, where they know QEMU's extension, and otherwise by
 * the character: that one is typed as on a US keyboard, with Shift as the character needs it there.
 */
export class ViewerKeyboard {
  readonly #send: (bytes: readonly number[]) => void;
  readonly #held = new Set<number>();

  constructor(send: (bytes: readonly number[]) => void) {
    this.#send = send;
  }

  /** A key by its place. */
  place(xtCode: number, down: boolean): void {
    if ((xtCode & 0x7f) !== 0) this.#key(fromXtCode(xtCode), down);
  }

  /** A key by its character or name; unknown ones do nothing. */
  keysym(keysym: number, down: boolean): void {
    const key = usKey(keysym);
    if (key === undefined) return;
    if (!down || key.shift === undefined || key.shift === this.#shifted) return this.#key(key.code, down);
    // The viewer's keyboard has the character elsewhere.
    const shifts = key.shift ? [SHIFT] : [SHIFT, RIGHT_SHIFT].filter((code) => this.#held.has(code));
    for (const code of shifts) this.#send(keyBytes(code, key.shift));
    this.#key(key.code, true);
    for (const code of shifts) this.#send(keyBytes(code, !key.shift));
  }

  /** Lets go of all keys: the viewer is gone. */
  release(): void {
    for (const code of [...this.#held]) this.#key(code, false);
  }

  get #shifted(): boolean {
    return this.#held.has(SHIFT) || this.#held.has(RIGHT_SHIFT);
  }

  #key(code: number, down: boolean): void {
    // A key goes up only if it was down; a held key that goes down again repeats.
    if (down) this.#held.add(code);
    else if (!this.#held.delete(code)) return;
    // The Pause key is another one beside Control.
    const isBreak = code === PAUSE && down && (this.#held.has(CTRL) || this.#held.has(RIGHT_CTRL));
    const bytes = isBreak ? [...keyBytes(BREAK, true), ...keyBytes(BREAK, false)] : keyBytes(code, down);
    if (bytes.length > 0) this.#send(bytes);
  }
}

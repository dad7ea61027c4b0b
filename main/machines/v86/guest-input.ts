import type { Clock } from '../../../shared/clock.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { typedText } from '../../rfb/typed-text.ts';
import type { TypedText } from '../screen.ts';
import type { Emulator } from './emulator.ts';
import { KeyQueue } from './key-queue.ts';
import { SerialInput } from './serial-input.ts';

/** What a guest is told with: the lines it reads from. */
export type InputLines = Pick<
  Emulator,
  'sendScancodes' | 'unreadScancodes' | 'sendSerial' | 'unreadSerialBytes'
>;

/** Keyboard and serial line of a guest, each at the pace at which the guest reads it. */
export class GuestInput {
  readonly #keys: KeyQueue;
  readonly #serial: SerialInput;

  /** @param guest null while it is not there: what comes before waits for it */
  constructor(clock: Clock, guest: () => InputLines | null) {
    this.#keys = new KeyQueue(clock, {
      send: (bytes) => guest()?.sendScancodes(bytes),
      unread: () => guest()?.unreadScancodes() ?? Number.POSITIVE_INFINITY,
    });
    this.#serial = new SerialInput(clock, {
      send: (bytes) => guest()?.sendSerial(bytes),
      unread: () => guest()?.unreadSerialBytes() ?? Number.POSITIVE_INFINITY,
    });
  }

  /** What does not fit any more is lost, as on a line whose other end does not listen. */
  sendSerial(bytes: Uint8Array): void {
    this.#serial.push(bytes);
  }

  /** One key. */
  press(codes: readonly number[]): void {
    this.#keys.push(codes);
  }

  async type(text: string): Promise<Result<TypedText>> {
    const { keys, left } = typedText(text);
    const typed = await this.#keys.type(keys);
    return typed.ok ? ok({ left }) : typed;
  }

  /** Forgets what the guest has not read. */
  clear(reason: string): void {
    this.#keys.clear(reason);
    this.#serial.clear();
  }
}

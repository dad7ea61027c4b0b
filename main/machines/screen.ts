import type { MessagePort } from 'node:worker_threads';
import type { Result } from '../../shared/result.ts';

export interface TypedText {
  /** How many characters the keyboard does not have; they were left out. */
  readonly left: number;
}

/**
 * The picture a machine shows, its keyboard and its mouse. All fail with `invalid-argument` while the machine is off,
 * and with `closed` when it ends meanwhile.
 */
export interface ScreenSource {
  /**
   * Shows the machine to the viewer at the other end of `port`, which is taken over: RFB bytes both ways, as
   * `Uint8Array` messages. When the machine ends the connection it sends `{ closed: reason }`, unless it dies; either
   * way the port is closed.
   */
  attach(port: MessagePort): Result<void>;
  /** What the screen shows now, as a PNG file. */
  screenshot(): Promise<Result<Uint8Array>>;
  /** The rows of a text mode, without the blanks at their ends; null while the guest shows graphics. */
  text(): Promise<Result<readonly string[] | null>>;
  /**
   * Types a text on the keyboard, for a US layout, and resolves when the guest has taken all of it. Fails with `busy`
   * when it has not taken what was typed before: type long texts in pieces of some hundred characters.
   */
  type(text: string): Promise<Result<TypedText>>;
}

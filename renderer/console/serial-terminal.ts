import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import type { FromSerial, ToSerial } from '../../shared/ipc/bridge.ts';

const SCROLLBACK_LINES = 10_000;

export interface SerialWords {
  readonly name: string;
  /** Said where so many bytes of a flood were left out. */
  readonly skipped: (bytes: number) => string;
}

/** A terminal on a machine's serial port. It takes no more than it shows, so that a flood does not fill its memory. */
export class SerialTerminal {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #port: MessagePort;
  readonly #words: SerialWords;

  constructor(target: HTMLElement, port: MessagePort, words: SerialWords) {
    this.#port = port;
    this.#words = words;
    this.#terminal = new Terminal({
      scrollback: SCROLLBACK_LINES,
      fontFamily: getComputedStyle(target).fontFamily,
      fontSize: 14,
      cursorBlink: false,
      screenReaderMode: true,
      theme: { background: '#000000', foreground: '#e6e6e6' },
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(target);
    this.#terminal.textarea?.setAttribute('aria-label', words.name);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isForGuest(event));
    this.#terminal.onData((text) => this.#send(new TextEncoder().encode(text)));
    this.#terminal.onBinary((text) => this.#send(Uint8Array.from(text, (byte) => byte.charCodeAt(0))));
    port.onmessage = ({ data }: MessageEvent<FromSerial>) => this.#receive(data);
    this.fit();
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  /** To be called when the room for it has changed. */
  fit(): void {
    this.#fit.fit();
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** As bracketed paste, where the guest asked for that. */
  paste(text: string): void {
    this.#terminal.paste(text);
  }

  dispose(): void {
    this.#port.close();
    this.#terminal.dispose();
  }

  #receive(message: FromSerial): void {
    if (message instanceof Uint8Array) {
      this.#terminal.write(message, () => this.#send({ takenBytes: message.length }));
      return;
    }
    this.#terminal.write(`\r\n\x1b[0;7m ${this.#words.skipped(message.skippedBytes)} \x1b[0m\r\n`);
  }

  #send(message: ToSerial): void {
    this.#port.postMessage(message);
  }

  /** Ctrl+Shift+C and Ctrl+Shift+V copy and paste, as in other terminals. */
  #isForGuest(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return true;
    if (event.code !== 'KeyC' && event.code !== 'KeyV') return true;
    event.preventDefault();
    if (event.type !== 'keydown') return false;
    if (event.code === 'KeyC') void navigator.clipboard.writeText(this.selection);
    else void navigator.clipboard.readText().then((text) => this.paste(text));
    return false;
  }
}

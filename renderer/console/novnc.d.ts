/**
 * The part of noVNC that the console uses; the package brings no declarations. What is protected is not part of its
 * interface: `guest-viewer.ts` alone depends on it, and the tests of the console tell when it changes.
 */
declare module '@novnc/novnc' {
  /** A connection's queue of bytes. */
  type Socket = object;

  export default class RFB extends EventTarget {
    static messages: {
      clientEncodings(socket: Socket, encodings: readonly number[]): void;
      pointerEvent(socket: Socket, x: number, y: number, buttons: number): void;
    };

    constructor(target: HTMLElement, channel: object, options?: { shared?: boolean });
    scaleViewport: boolean;
    background: string;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    blur(): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    toBlob(callback: (blob: Blob | null) => void, type?: string): void;

    protected readonly _sock: Socket;
    /** The rectangle being read. */
    protected readonly _FBU: { readonly x: number; readonly encoding: number };
    protected readonly _keyboard: { _allKeysUp(): void };
    protected _sendEncodings(): void;
    /** @returns whether the rectangle was complete */
    protected _handleRect(): boolean;
    protected _resize(width: number, height: number): void;
  }
}

/** What the preload script gives a window, as `window.headwater`: the only way out of it. */
export interface Bridge {
  /** Asks the main process. Rejects only when it is not there or does not know the name. */
  request(name: string, input: unknown): Promise<unknown>;
  /** Calls `listener` with every message of a push channel, a `Push`, until the returned function is called. */
  on(push: string, listener: (message: unknown) => void): () => void;
}

/** Electron channels carry this in front of the contract's names. */
export const REQUEST_PREFIX = 'headwater:request:';
export const PUSH_PREFIX = 'headwater:push:';

/** The one channel besides: a port with a console's bytes, which the preload script hands to the page as a message. */
export const CONSOLE_PORT_CHANNEL = 'headwater:console-port';

/** The `data` of that message in the page; the port is in its `ports`. */
export interface ConsolePortMessage {
  readonly channel: typeof CONSOLE_PORT_CHANNEL;
  readonly machineId: string;
  readonly part: ConsolePart;
}

/** What a console consists of. */
export type ConsolePart = 'screen' | 'serial';

/** What comes through the port of a screen: RFB bytes, and at the end why it ended. RFB bytes go the other way. */
export type FromScreen = Uint8Array | { readonly closed: string | null };

/** What comes through the port of a serial console: what the guest printed, and how much of it is missing in between. */
export type FromSerial = Uint8Array | { readonly skippedBytes: number };

/** What goes the other way: typed bytes, and how many bytes were shown since, without which no more come. */
export type ToSerial = Uint8Array | { readonly takenBytes: number };

import type { Failure, Result } from '../../../shared/result.ts';
import type { TypedText } from '../screen.ts';
import type { SerialReader } from './serial-log.ts';

/** One RFB client's connection to a machine's screen. */
export interface ScreenConnection {
  /** From the window to the machine. The receiver may keep the bytes. */
  send(bytes: Uint8Array): void;
  /** From the machine to the window; set once, right after opening. The listener does not keep the bytes. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Called once when the machine's side ends the connection; null when that is nothing unusual (machine off). */
  onClose(listener: (failure: Failure | null) => void): void;
  /** The window is gone. Nothing is called afterwards. Calling it again is harmless. */
  close(): void;
}

/** A window's place in what a machine prints on its serial port, and the way back. */
export interface SerialConnection extends SerialReader {
  /** Typed bytes; lost while the machine is off. */
  send(bytes: Uint8Array): void;
}

/**
 * Who connects windows to the consoles of machines. Everything but the serial port fails with `closed` while the machine
 * is off, and with `unsupported` where it has no screen.
 */
export interface ConsoleBroker {
  /** Every call makes a connection of its own: a window that is reloaded opens a second one before the first closes. */
  openScreen(machineId: string): Promise<Result<ScreenConnection>>;
  /** Begins with what was printed before, also while the machine is off. @param onMore there is more to read */
  openSerial(machineId: string, onMore: () => void): SerialConnection;
  /** Types a text; see `ScreenSource.type`. */
  type(machineId: string, text: string): Promise<Result<TypedText>>;
  /** What the screen shows, as a PNG file. */
  screenshot(machineId: string): Promise<Result<Uint8Array>>;
}

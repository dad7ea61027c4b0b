import type { Failure, Result } from '../../../shared/result.ts';

/** One RFB client's connection to a machine's console. */
export interface ConsoleConnection {
  /** From the window to the machine. The receiver may keep the bytes. */
  send(bytes: Uint8Array): void;
  /** From the machine to the window; set once, right after opening. The listener does not keep the bytes. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Called once when the machine's side ends the connection; null when that is nothing unusual (machine off). */
  onClose(listener: (failure: Failure | null) => void): void;
  /** The window is gone. Nothing is called afterwards. Calling it again is harmless. */
  close(): void;
}

/** Who connects windows to the consoles of machines. */
export interface ConsoleBroker {
  /** Every call makes a connection of its own: a window that is reloaded opens a second one before the first closes. */
  open(machineId: string): Promise<Result<ConsoleConnection>>;
}

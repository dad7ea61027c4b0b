import { MessageChannelMain, type MessagePortMain, type WebContents } from 'electron';
import {
  CONSOLE_PORT_CHANNEL,
  type ConsolePart,
  type ConsolePortMessage,
  type FromScreen,
  type FromSerial,
} from '../../../shared/ipc/bridge.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';
import type { ConsoleBroker } from '../../machines/consoles/connection.ts';
import { SerialFeed } from '../../machines/consoles/serial-feed.ts';

/**
 * Connects a window to a machine's screen: RFB bytes pass through a message port, copied once on the way. They cannot
 * be transferred: a buffer in the transfer list of a window's port arrives here as nothing. There is no flow control
 * here, as RFB has its own: a machine sends a picture only when the window asked for it.
 */
export async function attachScreen(
  broker: ConsoleBroker,
  machineId: string,
  contents: WebContents,
): Promise<Result<void>> {
  const opened = await broker.openScreen(machineId);
  if (!opened.ok) return opened;
  const connection = opened.value;
  const port = handOverPort(contents, machineId, 'screen');
  if (port === null) {
    connection.close();
    return GONE;
  }
  const post = (message: FromScreen) => port.postMessage(message);
  port.on('message', ({ data }: { data: unknown }) => {
    if (data instanceof Uint8Array) connection.send(data);
    else connection.close();
  });
  // Also when the window is closed, reloaded or has crashed.
  port.on('close', () => connection.close());
  connection.onBytes(post);
  connection.onClose((failure) => {
    post({ closed: failure?.message ?? null });
    port.close();
  });
  port.start();
  return DONE;
}

/** Connects a window to a machine's serial port. What the window does not show in time waits, up to a bound. */
export function attachSerial(broker: ConsoleBroker, machineId: string, contents: WebContents): Result<void> {
  const port = handOverPort(contents, machineId, 'serial');
  if (port === null) return GONE;
  const post = (message: FromSerial) => port.postMessage(message);
  const connection = broker.openSerial(machineId, () => feed.pump());
  const feed = new SerialFeed(connection, {
    bytes: post,
    skipped: (skippedBytes) => post({ skippedBytes }),
  });
  port.on('message', ({ data }: { data: unknown }) => {
    if (data instanceof Uint8Array) connection.send(data);
    else feed.taken(takenBytes(data));
  });
  port.on('close', () => connection.close());
  port.start();
  feed.pump();
  return DONE;
}

const GONE = err('closed', 'The window was closed.');

/** Gives the window one end of a new channel. @returns the other end; null when the window is gone */
function handOverPort(contents: WebContents, machineId: string, part: ConsolePart): MessagePortMain | null {
  if (contents.isDestroyed()) return null;
  const { port1: ours, port2: theirs } = new MessageChannelMain();
  const message: ConsolePortMessage = { channel: CONSOLE_PORT_CHANNEL, machineId, part };
  contents.postMessage(CONSOLE_PORT_CHANNEL, message, [theirs]);
  return ours;
}

/** What a window says it has shown; nothing where it makes no sense. */
function takenBytes(message: unknown): number {
  const given = (message as { takenBytes?: unknown } | null)?.takenBytes;
  return typeof given === 'number' && given > 0 ? given : 0;
}

import { MessageChannelMain, type WebContents } from 'electron';
import {
  CONSOLE_PORT_CHANNEL,
  type ConsolePortMessage,
  type FromConsole,
} from '../../../shared/ipc/bridge.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';
import type { ConsoleBroker } from '../../machines/consoles/connection.ts';

/**
 * Connects a window to a machine's console: RFB bytes pass through a message port, copied once on the way. They cannot
 * be transferred: a buffer in the transfer list of a window's port arrives here as nothing. There is no flow control
 * here, as RFB has its own: a machine sends a picture only when the window asked for it.
 */
export async function attachConsole(
  broker: ConsoleBroker,
  machineId: string,
  contents: WebContents,
): Promise<Result<void>> {
  const opened = await broker.open(machineId);
  if (!opened.ok) return opened;
  const connection = opened.value;
  if (contents.isDestroyed()) {
    connection.close();
    return err('closed', 'The window was closed.');
  }

  const { port1: ours, port2: theirs } = new MessageChannelMain();
  const post = (message: FromConsole) => ours.postMessage(message);
  ours.on('message', ({ data }: { data: unknown }) => {
    if (data instanceof Uint8Array) connection.send(data);
    else connection.close();
  });
  // Also when the window is closed, reloaded or has crashed.
  ours.on('close', () => connection.close());
  connection.onBytes(post);
  connection.onClose((failure) => {
    post({ closed: failure?.message ?? null });
    ours.close();
  });
  ours.start();
  const message: ConsolePortMessage = { channel: CONSOLE_PORT_CHANNEL, machineId };
  contents.postMessage(CONSOLE_PORT_CHANNEL, message, [theirs]);
  return DONE;
}

import { CONSOLE_PORT_CHANNEL, type ConsolePortMessage } from '../../shared/ipc/bridge.ts';
import type { Result } from '../../shared/result.ts';
import { ok } from '../../shared/result.ts';
import { request } from './client.ts';

/**
 * Connects to the console of the machine this window is for. The port carries `FromConsole` messages towards the window
 * and RFB bytes (`Uint8Array`) towards the machine. Never transfer a buffer into it: the message would arrive empty.
 */
export async function attachConsole(machineId: string): Promise<Result<MessagePort>> {
  const port = nextPort(machineId);
  const attached = await request('console.attach', { id: machineId });
  if (attached.ok) return ok(await port.arrived);
  port.giveUp();
  return attached;
}

function nextPort(machineId: string): { arrived: Promise<MessagePort>; giveUp: () => void } {
  const waiting = new AbortController();
  const arrived = new Promise<MessagePort>((resolve) => {
    window.addEventListener(
      'message',
      (event: MessageEvent<Partial<ConsolePortMessage> | null>) => {
        const [port] = event.ports;
        if (event.source !== window || event.data?.channel !== CONSOLE_PORT_CHANNEL || !port) return;
        if (event.data.machineId !== machineId) return;
        waiting.abort();
        resolve(port);
      },
      { signal: waiting.signal },
    );
  });
  return { arrived, giveUp: () => waiting.abort() };
}

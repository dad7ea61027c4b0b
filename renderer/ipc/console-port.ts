import { CONSOLE_PORT_CHANNEL, type ConsolePart, type ConsolePortMessage } from '../../shared/ipc/bridge.ts';
import type { Result } from '../../shared/result.ts';
import { ok } from '../../shared/result.ts';
import { request } from './client.ts';

/**
 * Connects to a part of the console of the machine this window is for. The port carries `FromScreen` or `FromSerial`
 * messages towards the window. Never transfer a buffer into it: the message would arrive empty.
 */
export async function attachConsole(machineId: string, part: ConsolePart): Promise<Result<MessagePort>> {
  const port = nextPort(machineId, part);
  const attached = await request('console.attach', { id: machineId, part });
  if (attached.ok) return ok(await port.arrived);
  port.giveUp();
  return attached;
}

function nextPort(
  machineId: string,
  part: ConsolePart,
): { arrived: Promise<MessagePort>; giveUp: () => void } {
  const waiting = new AbortController();
  const arrived = new Promise<MessagePort>((resolve) => {
    window.addEventListener(
      'message',
      (event: MessageEvent<Partial<ConsolePortMessage> | null>) => {
        const [port] = event.ports;
        if (event.source !== window || event.data?.channel !== CONSOLE_PORT_CHANNEL || !port) return;
        if (event.data.machineId !== machineId || event.data.part !== part) return;
        waiting.abort();
        resolve(port);
      },
      { signal: waiting.signal },
    );
  });
  return { arrived, giveUp: () => waiting.abort() };
}

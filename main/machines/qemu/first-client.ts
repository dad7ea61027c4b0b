import net, { type Socket } from 'node:net';
import { err, ok, type Result } from '../../../shared/result.ts';
import { listen } from '../../sockets/listen.ts';

/** A place where one client is expected. */
export interface FirstClient {
  readonly path: string;
  /** The first one that comes; nobody else is let in. Fails with `closed` when nobody is awaited any more. */
  readonly socket: Promise<Result<Socket>>;
  /** Waits no longer. The client that came stays. */
  close(): void;
}

/** Waits for a client at a path. */
export async function awaitClient(path: string): Promise<Result<FirstClient>> {
  let came: (socket: Result<Socket>) => void = () => undefined;
  const socket = new Promise<Result<Socket>>((resolve) => {
    came = resolve;
  });
  const server = net.createServer((client) => {
    if (listening.ok) listening.value.close();
    came(ok(client));
  });
  server.maxConnections = 1;
  const listening = await listen(server, { kind: 'unix', path });
  if (!listening.ok) return listening;
  const close = () => {
    listening.value.close();
    came(err('closed', 'Nobody is awaited any more'));
  };
  return ok({ path, socket, close });
}

import { connect as connectSocket, type Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { failureOfSocket } from '../remote/socket-failure.ts';
import type { NbdTarget } from './address.ts';

/** Opens a socket to a server. Fails with `source-unreachable`. */
export function connect(target: NbdTarget, clock: Clock, timeoutMs: number): Promise<Result<Socket>> {
  const { at } = target;
  return new Promise((resolve) => {
    const socket = connectSocket(
      at.kind === 'unix' ? { path: at.path } : { host: at.host, port: at.port, noDelay: true },
    );
    const giveUp = clock.after(timeoutMs, () => {
      socket.destroy();
      resolve(err('source-unreachable', 'the server does not answer'));
    });
    socket.on('error', (error) => {
      giveUp();
      resolve(isMissing(error) ? err('source-unreachable', 'nobody listens there') : failureOfSocket(error));
    });
    socket.once('connect', () => {
      giveUp();
      resolve(ok(socket));
    });
  });
}

/** No socket file: the server is not running, for now. */
function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT';
}

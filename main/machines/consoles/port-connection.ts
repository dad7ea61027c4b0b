import type { MessagePort } from 'node:worker_threads';
import type { Failure } from '../../../shared/result.ts';
import type { ScreenConnection } from './connection.ts';

/**
 * The viewer's end of a port that a `ScreenSource` was attached to: `Uint8Array` messages both ways, and `{ closed }`
 * where the machine ends it.
 */
export function portConnection(port: MessagePort): ScreenConnection {
  let ended: (failure: Failure | null) => void = () => undefined;
  const end = (failure: Failure | null) => {
    port.close();
    const tell = ended;
    ended = () => undefined;
    tell(failure);
  };
  return {
    send: (bytes) => port.postMessage(bytes),
    onBytes: (listener) => {
      port.on('message', (message: Uint8Array | { readonly closed: string | null }) => {
        if (message instanceof Uint8Array) return listener(message);
        end(message.closed === null ? null : { code: 'closed', message: message.closed });
      });
    },
    onClose: (listener) => {
      ended = listener;
      port.on('close', () => end(null));
    },
    close: () => {
      ended = () => undefined;
      port.close();
    },
  };
}

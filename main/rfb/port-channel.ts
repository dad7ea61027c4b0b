import type { MessagePort } from 'node:worker_threads';
import type { RfbChannel } from './channel.ts';

/**
 * A viewer behind a message port: `Uint8Array` messages both ways, and at the end `{ closed: reason }` towards the
 * viewer. A port does not tell how much waits in it; a viewer that asks for pictures it does not take can only make its
 * own process grow.
 */
export function portChannel(port: MessagePort): RfbChannel {
  let open = true;
  const end = () => {
    open = false;
    port.close();
  };
  return {
    congested: false,
    listen(listener) {
      const gone = () => {
        if (!open) return;
        end();
        listener.onClose();
      };
      port.on('message', (data: unknown) => {
        if (!open) return;
        if (data instanceof Uint8Array) listener.onBytes(data);
        else gone();
      });
      port.on('close', gone);
    },
    send(bytes) {
      if (open) port.postMessage(bytes, [bytes.buffer]);
    },
    close(reason) {
      if (!open) return;
      port.postMessage({ closed: reason });
      end();
    },
  };
}

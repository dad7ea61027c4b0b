import type { Duplex } from 'node:stream';
import type { RfbChannel } from './channel.ts';

/** About a frame of a small screen: a viewer that reads slowly gets fewer frames, not old ones. */
const CONGESTED_BYTES = 1 << 20;

/** A viewer behind a socket: any VNC viewer. */
export function socketChannel(socket: Duplex): RfbChannel {
  let open = true;
  return {
    get congested() {
      return socket.writableLength > CONGESTED_BYTES;
    },
    listen(listener) {
      socket.on('data', (bytes: Buffer) => open && listener.onBytes(bytes));
      socket.on('drain', () => open && listener.onDrain());
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (!open) return;
        open = false;
        listener.onClose();
      });
    },
    send(bytes) {
      if (open) socket.write(bytes);
    },
    close() {
      open = false;
      socket.end();
      // Whoever does not read the rest does not keep it here either.
      socket.resume();
      if (socket.writableLength > 0) socket.destroy();
    },
  };
}

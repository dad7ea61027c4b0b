import { err, ok, type Result } from '../../shared/result.ts';
import type { ByteQueue } from './byte-queue.ts';
import { readPixelFormat, type PixelFormat } from './pixel-format.ts';
import type { Rectangle } from './rectangle.ts';

/** What a viewer says once it is connected: RFC 6143, 7.5, and the extensions the server offers. */
export type ClientMessage =
  | { readonly kind: 'pixel-format'; readonly format: PixelFormat }
  | { readonly kind: 'encodings'; readonly encodings: ReadonlySet<number> }
  | { readonly kind: 'update-request'; readonly incremental: boolean; readonly area: Rectangle }
  | { readonly kind: 'key'; readonly down: boolean; readonly keysym: number }
  /** QEMU's extension: `xtCode` is the key's code of set 1, its top bit set where a keyboard would send 0xe0 first. */
  | {
      readonly kind: 'extended-key';
      readonly down: boolean;
      readonly keysym: number;
      readonly xtCode: number;
    }
  | { readonly kind: 'pointer'; readonly buttons: number; readonly x: number; readonly y: number }
  /** Guests have no clipboard. */
  | { readonly kind: 'cut-text' }
  /** A guest's picture has the size the guest gave it. */
  | { readonly kind: 'set-desktop-size' };

const MAX_ENCODINGS = 1024;
const MAX_CUT_TEXT_BYTES = 16 << 20;

/** Takes the next message off the queue; null while it is not complete. After a failure the queue is of no use. */
export function nextMessage(queue: ByteQueue): Result<ClientMessage | null> {
  const type = queue.peek(1)?.getUint8(0);
  switch (type) {
    case undefined:
      return ok(null);
    case 0:
      return take(queue, 20, (view) => {
        const format = readPixelFormat(view, 4);
        return format.ok ? ok({ kind: 'pixel-format', format: format.value }) : format;
      });
    case 2:
      return setEncodings(queue);
    case 3:
      return take(queue, 10, (view) =>
        ok({ kind: 'update-request', incremental: view.getUint8(1) !== 0, area: rectangleAt(view, 2) }),
      );
    case 4:
      return take(queue, 8, (view) =>
        ok({ kind: 'key', down: view.getUint8(1) !== 0, keysym: view.getUint32(4) }),
      );
    case 5:
      return take(queue, 6, (view) =>
        ok({ kind: 'pointer', buttons: view.getUint8(1), x: view.getUint16(2), y: view.getUint16(4) }),
      );
    case 6:
      return cutText(queue);
    case 251:
      return setDesktopSize(queue);
    case 255:
      return take(queue, 12, qemuKey);
    default:
      return err('malformed', `The viewer sent a message of unknown type ${type}`);
  }
}

function take(
  queue: ByteQueue,
  length: number,
  read: (view: DataView) => Result<ClientMessage>,
): Result<ClientMessage | null> {
  const view = queue.peek(length);
  if (view === null) return ok(null);
  const message = read(view);
  queue.drop(length);
  return message;
}

function rectangleAt(view: DataView, at: number): Rectangle {
  return {
    x: view.getUint16(at),
    y: view.getUint16(at + 2),
    width: view.getUint16(at + 4),
    height: view.getUint16(at + 6),
  };
}

function setEncodings(queue: ByteQueue): Result<ClientMessage | null> {
  const count = queue.peek(4)?.getUint16(2);
  if (count === undefined) return ok(null);
  if (count > MAX_ENCODINGS) return err('malformed', `The viewer names ${count} encodings`);
  return take(queue, 4 + 4 * count, (view) => {
    const encodings = new Set<number>();
    for (let at = 4; at < view.byteLength; at += 4) encodings.add(view.getInt32(at));
    return ok({ kind: 'encodings', encodings });
  });
}

function cutText(queue: ByteQueue): Result<ClientMessage | null> {
  const length = queue.peek(8)?.getUint32(4);
  if (length === undefined) return ok(null);
  if (length > MAX_CUT_TEXT_BYTES) return err('malformed', `The viewer sent a clipboard of ${length} bytes`);
  queue.drop(8 + length);
  return ok({ kind: 'cut-text' });
}

function setDesktopSize(queue: ByteQueue): Result<ClientMessage | null> {
  const screens = queue.peek(8)?.getUint8(6);
  if (screens === undefined) return ok(null);
  return take(queue, 8 + 16 * screens, () => ok({ kind: 'set-desktop-size' }));
}

function qemuKey(view: DataView): Result<ClientMessage> {
  if (view.getUint8(1) !== 0) return err('malformed', 'The viewer sent an unknown message of QEMU’s');
  const xtCode = view.getUint32(8);
  if (xtCode > 0xff) return err('malformed', `The viewer sent a key of code ${xtCode}`);
  return ok({ kind: 'extended-key', down: view.getUint16(2) !== 0, keysym: view.getUint32(4), xtCode });
}

import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type Clock, sleep } from '../../shared/clock.ts';
import { KIB } from '../../shared/units.ts';
import type { Range } from '../block/range.ts';
import type { Gate } from './gate.ts';
import type { SimulatedLink } from './simulated-link.ts';

const PLAIN_CHUNK_BYTES = 256 * KIB;

export interface BodyPath {
  readonly clock: Clock;
  readonly gate: Gate;
  /** Null for as fast as it goes. */
  readonly link: SimulatedLink | null;
  /** Told how many bytes went out. */
  readonly onSent: (bytes: number) => void;
}

/**
 * Sends a range of a file as the body of a response, at the pace of the link and of the client. Returns early when
 * the client goes away; ends the connection when the file turns out to be shorter than it was, or unreadable.
 */
export async function sendBody(
  response: ServerResponse,
  file: FileHandle,
  range: Range,
  { clock, gate, link, onSent }: BodyPath,
): Promise<void> {
  const flow = link?.flow();
  const chunkBytes = link?.chunkBytes ?? PLAIN_CHUNK_BYTES;
  const aheadBytes = link?.windowBytes ?? 0;
  let waitingBytes = 0;
  let delivered = Promise.resolve();

  const deliver = async (chunk: Buffer, arrivesMs: number) => {
    const waitMs = arrivesMs - clock.now();
    if (waitMs > 0) await sleep(clock, waitMs);
    await gate.passed();
    waitingBytes -= chunk.length;
    if (response.destroyed) return;
    onSent(chunk.length);
    await write(response, chunk);
  };

  for (let sent = 0; sent < range.length && !response.destroyed;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, range.length - sent));
    const bytesRead = await readAt(file, chunk, range.offset + sent);
    if (bytesRead === 0) {
      response.destroy();
      break;
    }
    sent += bytesRead;
    waitingBytes += bytesRead;
    const arrivesMs = (await flow?.send(bytesRead)) ?? 0;
    delivered = delivered.then(() => deliver(chunk.subarray(0, bytesRead), arrivesMs));
    // A client that does not read must not make us collect its bytes.
    if (waitingBytes > aheadBytes) await delivered;
  }
  await delivered;
  response.end();
}

/** Fills `chunk`; returns how much there was, 0 also when the file cannot be read. */
async function readAt(file: FileHandle, chunk: Buffer, position: number): Promise<number> {
  try {
    return (await file.read(chunk, 0, chunk.length, position)).bytesRead;
  } catch {
    return 0;
  }
}

/** Resolves when the socket can take more, or is gone. */
function write(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (response.write(chunk)) return resolve();
    const go = () => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });
}

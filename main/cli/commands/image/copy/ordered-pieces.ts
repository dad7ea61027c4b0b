import { DONE, err, ok, type Result } from '../../../../../shared/result.ts';
import type { Tool } from '../tool.ts';

/** Work goes on for this long before signals and timers get a turn. */
const TURN_MS = 30;

/** A stretch that is fetched and stored in one go. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
  /** Known to be zero: there is nothing to fetch. */
  readonly zero: boolean;
}

export interface PieceWork {
  /** The next piece, or null at the end. */
  next(): Promise<Result<Piece | null>>;
  fetch(piece: Piece, buffer: Uint8Array): Promise<Result<void>>;
  /** Called in the order of {@link next}; `data` is empty for zeroes. */
  store(piece: Piece, data: Uint8Array): Promise<Result<void>>;
}

/**
 * Fetches several pieces at once and stores them in order, so that a new image comes out contiguous whatever the
 * network does. Fails with `cancelled` when the user interrupts; what was stored until then stays.
 * @param atOnce how many pieces to fetch together: 1 for local sources, where more would only take memory
 */
export async function copyPieces(
  work: PieceWork,
  atOnce: number,
  pieceBytes: number,
  tool: Tool,
): Promise<Result<void>> {
  const buffers = Array.from({ length: atOnce }, () => new Uint8Array(pieceBytes));
  const fetching: { piece: Piece; buffer: Uint8Array<ArrayBuffer>; done: Promise<Result<void>> }[] = [];
  let turnEnds = performance.now() + TURN_MS;
  let failure: Result<void> = DONE;
  for (let more = true; more || fetching.length > 0;) {
    const buffer = more && failure.ok ? buffers.pop() : undefined;
    if (buffer !== undefined) {
      const piece = tool.interrupted ? err('cancelled', 'interrupted') : await work.next();
      if (!piece.ok) failure = piece;
      if (!piece.ok || piece.value === null) more = false;
      else fetching.push({ piece: piece.value, buffer, done: fetchPiece(work, piece.value, buffer) });
      if (buffers.length > 0 && more) continue;
    }
    const oldest = fetching.shift();
    if (oldest === undefined) break;
    const fetched = await oldest.done;
    if (!fetched.ok && failure.ok) failure = fetched;
    if (failure.ok) {
      const data = oldest.buffer.subarray(0, oldest.piece.zero ? 0 : oldest.piece.length);
      const stored = await work.store(oldest.piece, data);
      if (!stored.ok) failure = stored;
    }
    if (failure.ok) buffers.push(oldest.buffer);
    else more = false;
    if (performance.now() > turnEnds) {
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + TURN_MS;
    }
  }
  return failure;
}

async function fetchPiece(work: PieceWork, piece: Piece, buffer: Uint8Array): Promise<Result<void>> {
  return piece.zero ? ok(undefined) : work.fetch(piece, buffer.subarray(0, piece.length));
}

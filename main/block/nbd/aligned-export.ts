import { DONE, ok, type Err, type Result } from '../../../shared/result.ts';
import { alignDown, MIB } from '../../../shared/units.ts';
import { piecesOf } from '../remote/pieces.ts';
import type { Range } from '../range.ts';
import { ZEROES } from '../zeroes.ts';
import type { Connections } from './connections.ts';
import { COMMAND, FLAG } from './protocol.ts';
import { StatusWindow } from './status-window.ts';

/** Longest single request with data, in bytes: longer ones are cut into such pieces, asked for side by side. */
const PIECE_BYTES = MIB;
/** Longest request without, in bytes: the most that fits, in whole pages. */
const LONG_BYTES = 2 ** 32 - 65_536;

/** An export, accessed in whole blocks: ranges begin and end at multiples of its smallest. */
export class AlignedExport {
  readonly lengthBytes: number;
  /** The smallest block. */
  readonly blockBytes: number;
  readonly isReadOnly: boolean;
  readonly #connections: Connections;
  readonly #pieceBytes: number;

  constructor(connections: Connections) {
    const { lengthBytes, minimumBytes, maximumBytes, flags } = connections.agreed;
    this.#connections = connections;
    this.lengthBytes = lengthBytes;
    this.blockBytes = minimumBytes;
    this.isReadOnly = (flags & FLAG.readOnly) !== 0;
    this.#pieceBytes = alignDown(Math.min(maximumBytes, PIECE_BYTES), minimumBytes);
  }

  read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#inPieces(offset, target.length, this.#pieceBytes, (piece, within) => ({
      command: COMMAND.read,
      flags: 0,
      ...piece,
      target: target.subarray(within, within + piece.length),
    }));
  }

  write(offset: number, data: Uint8Array): Promise<Result<void>> {
    return this.#inPieces(offset, data.length, this.#pieceBytes, (piece, within) => ({
      command: COMMAND.write,
      flags: 0,
      ...piece,
      data: data.subarray(within, within + piece.length),
    }));
  }

  /** Zeroes a range, by writing zeroes where the server cannot do it itself. */
  async zero(offset: number, length: number): Promise<Result<void>> {
    if (this.#can(FLAG.sendWriteZeroes)) {
      const longest = alignDown(this.#connections.agreed.maximumBytes, this.blockBytes);
      return this.#inPieces(offset, length, longest, (piece) => ({
        command: COMMAND.writeZeroes,
        flags: 0,
        ...piece,
      }));
    }
    for (let done = 0; done < length; done += ZEROES.length) {
      const written = await this.write(
        offset + done,
        ZEROES.subarray(0, Math.min(ZEROES.length, length - done)),
      );
      if (!written.ok) return written;
    }
    return DONE;
  }

  async trim(offset: number, length: number): Promise<Result<void>> {
    if (!this.#can(FLAG.sendTrim)) return DONE;
    return this.#inPieces(offset, length, LONG_BYTES, (piece) => ({
      command: COMMAND.trim,
      flags: 0,
      ...piece,
    }));
  }

  async flush(): Promise<Result<void>> {
    if (!this.#can(FLAG.sendFlush)) return DONE;
    const flushed = await this.#connections.run({ command: COMMAND.flush, flags: 0, offset: 0, length: 0 });
    return flushed.ok ? DONE : flushed;
  }

  /** What the server knows of the range's content; null where it knows nothing. */
  async status(offset: number, length: number): Promise<Result<StatusWindow | null>> {
    if (this.#connections.agreed.allocationId === null) return ok(null);
    const answer = await this.#connections.run({
      command: COMMAND.blockStatus,
      flags: 0,
      offset,
      length: Math.min(length, LONG_BYTES),
    });
    if (answer.ok) {
      return ok(answer.value && StatusWindow.from(offset, answer.value, this.lengthBytes));
    }
    // A server that cannot tell has the data all the same.
    return isOfSource(answer) ? answer : ok(null);
  }

  close(): void {
    this.#connections.close();
  }

  #can(flag: number): boolean {
    return (this.#connections.agreed.flags & flag) !== 0;
  }

  async #inPieces(
    offset: number,
    length: number,
    longest: number,
    request: (piece: Range, within: number) => Parameters<Connections['run']>[0],
  ): Promise<Result<void>> {
    if (length <= longest) return done(await this.#connections.run(request({ offset, length }, 0)));
    const outcomes = await Promise.all(
      [...piecesOf(length, longest)].map((piece) =>
        this.#connections.run(request({ offset: offset + piece.offset, length: piece.length }, piece.offset)),
      ),
    );
    return done(outcomes.find((outcome) => !outcome.ok) ?? ok(null));
  }
}

function done(outcome: Result<unknown>): Result<void> {
  return outcome.ok ? DONE : outcome;
}

function isOfSource({ failure }: Err): boolean {
  return failure.code.startsWith('source-') || failure.code === 'closed' || failure.code === 'malformed';
}

import { err, ok, type Result } from '../../../shared/result.ts';

/** A whole guest at one moment, as it is saved. */
export interface GuestImage {
  /** v86's own state: processor, memory, devices. */
  readonly machine: Uint8Array<ArrayBuffer>;
  readonly around: GuestSurroundings;
}

/** What v86's own state lacks. */
export interface GuestSurroundings {
  /** The guest's clock, in milliseconds. */
  readonly clockMs: number;
  /** What came in at the serial ports and was not read yet, first port first. */
  readonly unread: readonly [readonly number[], readonly number[]];
  /** Whether the guest listens at its host line. */
  readonly listens: boolean;
  /** The last that it printed at its first serial port, one character for each byte: a terminal shows its prompt again. */
  readonly printed: string;
}

const LENGTH_BYTES = 4;

/** The image in pieces, without copying it: length of the surroundings, they as JSON, v86's state. */
export function encodeGuestImage({ machine, around }: GuestImage): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(around), 'utf8');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  return [length, text, machine];
}

/** Fails with `malformed`; whoever saved the state vouches for its content, so no more is checked than its form. */
export function decodeGuestImage(state: Uint8Array): Result<GuestImage> {
  const bytes = Buffer.from(state.buffer, state.byteOffset, state.byteLength);
  const length = bytes.length < LENGTH_BYTES ? Infinity : bytes.readUInt32LE(0);
  if (LENGTH_BYTES + length > bytes.length) return malformed();
  const end = LENGTH_BYTES + length;
  const around = parseSurroundings(bytes.toString('utf8', LENGTH_BYTES, end));
  if (around === null) return malformed();
  // v86 takes a buffer of its own only.
  return ok({ machine: Uint8Array.from(bytes.subarray(end)), around });
}

function parseSurroundings(text: string): GuestSurroundings | null {
  try {
    const value: unknown = JSON.parse(text);
    return isSurroundings(value) ? value : null;
  } catch {
    return null;
  }
}

function isSurroundings(value: unknown): value is GuestSurroundings {
  if (typeof value !== 'object' || value === null) return false;
  const { clockMs, unread, listens, printed } = value as Record<string, unknown>;
  return (
    Number.isFinite(clockMs) &&
    typeof listens === 'boolean' &&
    typeof printed === 'string' &&
    Array.isArray(unread) &&
    unread.length === 2 &&
    unread.every((bytes) => Array.isArray(bytes) && bytes.every((byte) => Number.isInteger(byte)))
  );
}

function malformed() {
  return err('malformed', 'it is damaged: what it holds is not the state of a guest');
}

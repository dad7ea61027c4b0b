/**
 * What the NBD protocol has a server answer (`doc/proto.md` of the Network Block Device project), written down apart from
 * the server: for each request the errors it may be refused with, or else the one right answer.
 */
import { ALLOCATION_STATE, CHUNK, COMMAND, COMMAND_FLAG, ERROR } from '../../main/block/nbd/protocol.ts';
import { statusOf, type Answer } from './nbd-talker.ts';
import { BLOCK_BYTES, type StrictDevice } from './strict-device.ts';

export interface ModelRequest {
  readonly command: number;
  readonly offset: number;
  /** Of a write, the length of its payload. */
  readonly length: number;
  readonly flags: number;
  readonly payload?: Uint8Array;
}

export interface ModelTerms {
  readonly structured: boolean;
  /** Whether `base:allocation` was agreed on, as the first context. */
  readonly asksStatus: boolean;
  readonly readOnly: boolean;
  readonly fastZeroes: boolean;
  readonly minimumBytes: number;
  readonly maximumBytes: number;
}

const MOVES: readonly number[] = [COMMAND.read, COMMAND.write];
const WRITES: readonly number[] = [COMMAND.write, COMMAND.writeZeroes, COMMAND.trim];
const GROWS: readonly number[] = [COMMAND.write, COMMAND.writeZeroes];

export class ExportModel {
  /** What a client reads: content after everything that was answered. */
  readonly bytes: Uint8Array;
  readonly #terms: ModelTerms;
  readonly #device: StrictDevice;

  constructor(device: StrictDevice, terms: ModelTerms) {
    this.bytes = device.bytes.slice();
    this.#device = device;
    this.#terms = terms;
  }

  /** The errors that tell what is wrong with a request; none where it is to be carried out. */
  faultsOf({ command, offset, length, flags }: ModelRequest): number[] {
    const { structured, asksStatus, readOnly, fastZeroes, minimumBytes, maximumBytes } = this.#terms;
    const allowed: Readonly<Record<number, number>> = {
      [COMMAND.read]: structured ? COMMAND_FLAG.df : 0,
      [COMMAND.write]: 0,
      [COMMAND.flush]: 0,
      [COMMAND.trim]: 0,
      [COMMAND.cache]: 0,
      [COMMAND.writeZeroes]: COMMAND_FLAG.noHole | COMMAND_FLAG.fastZero,
      [COMMAND.blockStatus]: COMMAND_FLAG.requestOne,
    };
    const mayCarry = allowed[command];
    if (mayCarry === undefined) return [ERROR.inval];
    const faults: number[] = [];
    if ((flags & ~(mayCarry | COMMAND_FLAG.fua)) !== 0) faults.push(ERROR.inval);
    if (command === COMMAND.flush) return offset === 0 && length === 0 ? faults : [ERROR.inval];
    if (readOnly && WRITES.includes(command)) faults.push(ERROR.perm);
    if (offset + length > this.bytes.length) faults.push(GROWS.includes(command) ? ERROR.nospc : ERROR.inval);
    if (offset % minimumBytes !== 0 || length % minimumBytes !== 0) faults.push(ERROR.inval);
    if (MOVES.includes(command) && length > maximumBytes) faults.push(ERROR.inval);
    if (command === COMMAND.blockStatus && (!asksStatus || length === 0)) faults.push(ERROR.inval);
    const slow = !fastZeroes || (flags & COMMAND_FLAG.noHole) !== 0;
    if ((flags & COMMAND_FLAG.fastZero) !== 0 && slow) faults.push(ERROR.notsup);
    return faults;
  }

  /** Takes an answer over. @returns what is wrong with it; null where it is right */
  judge(request: ModelRequest, answer: Answer): string | null {
    const faults = this.faultsOf(request);
    if (faults.length > 0) {
      return faults.includes(answer.error) ? null : `error ${answer.error} instead of ${faults.join(' or ')}`;
    }
    if (answer.error !== 0) return `error ${answer.error} (${answer.message})`;
    const { command, offset, length, flags, payload } = request;
    if (command === COMMAND.write && payload !== undefined) this.bytes.set(payload, offset);
    if (command === COMMAND.writeZeroes) this.bytes.fill(0, offset, offset + length);
    const wrong = this.#wrongContent(request, answer) ?? this.#wrongStatus(request, answer);
    if (wrong !== null) return wrong;
    const mustHaveSpace = (flags & COMMAND_FLAG.noHole) !== 0 || command === COMMAND.write;
    if (GROWS.includes(command) && mustHaveSpace && !this.#device.hasSpace(offset, length)) {
      return 'has no space of its own';
    }
    const mustBeDurable =
      command === COMMAND.flush || ((flags & COMMAND_FLAG.fua) !== 0 && GROWS.includes(command));
    const range = command === COMMAND.flush ? [0, this.bytes.length] : [offset, offset + length];
    return mustBeDurable && !same(this.#device.durable.subarray(...range), this.bytes.subarray(...range))
      ? 'is not durable'
      : null;
  }

  #wrongContent({ command, offset, length, flags }: ModelRequest, { data, chunks }: Answer): string | null {
    const content = chunks.filter(({ type }) => type === CHUNK.offsetData || type === CHUNK.offsetHole);
    if (command !== COMMAND.read) return data.length + content.length > 0 ? 'carries data' : null;
    if (!same(data, this.bytes.subarray(offset, offset + length))) return 'carries other data';
    if (!this.#terms.structured) return null;
    if ((flags & COMMAND_FLAG.df) !== 0 && content.length > 1) return 'is fragmented';
    let at = offset;
    const parts = content.map(({ type, data: bytes }) => ({
      from: Number(bytes.readBigUInt64BE(0)),
      length: type === CHUNK.offsetData ? bytes.length - 8 : bytes.readUInt32BE(8),
    }));
    for (const part of parts.sort((one, other) => one.from - other.from)) {
      if (part.from !== at) return `has a part at ${part.from} where ${at} is next`;
      at += part.length;
    }
    return at === offset + length ? null : `ends at ${at} instead of ${offset + length}`;
  }

  #wrongStatus({ command, offset, length, flags }: ModelRequest, answer: Answer): string | null {
    if (command !== COMMAND.blockStatus) return null;
    const states = statusOf(answer);
    if (states.length === 0) return 'tells no state';
    if ((flags & COMMAND_FLAG.requestOne) !== 0 && states.length > 1) return 'tells more than one state';
    let at = offset;
    for (const state of states) {
      if (state.length === 0) return 'tells the state of nothing';
      for (let look = at; look < at + state.length; look += BLOCK_BYTES - (look % BLOCK_BYTES)) {
        const expected = this.#device.hasSpace(look, 1) ? 0 : ALLOCATION_STATE.hole | ALLOCATION_STATE.zero;
        if (state.flags !== expected) return `tells state ${state.flags} at ${look} instead of ${expected}`;
      }
      at += state.length;
    }
    return at <= offset + length ? null : 'tells of what it was not asked';
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

import { DONE } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';
import { COMMAND_FLAG } from '../../block/nbd/protocol.ts';
import type { Flow } from './flow.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import type { Replies } from './replies.ts';
import type { NbdRequest } from './request.ts';

/** Long reads are answered in parts of this length, where the client takes parts: others get their turn between. */
const PART_BYTES = 256 * KIB;
/** For less it is not worth asking whether there is a hole. */
const HOLE_BYTES = 64 * KIB;

interface LongRead {
  readonly request: NbdRequest;
  openParts: number;
  failure: Refusal | null;
}

/** Answers reads. */
export class Reads {
  readonly #device: BlockDevice;
  readonly #replies: Replies;
  readonly #flow: Flow;

  constructor(device: BlockDevice, replies: Replies, flow: Flow) {
    this.#device = device;
    this.#replies = replies;
    this.#flow = flow;
  }

  async answer(request: NbdRequest): Promise<void> {
    if (request.length === 0) {
      this.#replies.noMore(request);
      return;
    }
    const inParts = this.#replies.structured && (request.flags & COMMAND_FLAG.df) === 0;
    return inParts && request.length >= HOLE_BYTES ? this.#readLong(request) : this.#readWhole(request);
  }

  async #readWhole(request: NbdRequest): Promise<void> {
    const draft = this.#replies.draftData(request.length);
    const read = await this.#device.read(request.offset, draft.data);
    if (read.ok) {
      this.#replies.sendData(request, draft, request.offset, true);
      return;
    }
    this.#replies.dropData(draft);
    this.#replies.refuse(request, refusalOf(read));
  }

  async #readLong(request: NbdRequest): Promise<void> {
    const end = request.offset + request.length;
    const long: LongRead = { request, openParts: Math.ceil(request.length / PART_BYTES), failure: null };
    const parts: Promise<void>[] = [];
    for (let offset = request.offset; offset < end; offset += PART_BYTES) {
      if (parts.length > 0) await this.#flow.room();
      parts.push(this.#readPart(long, offset, Math.min(PART_BYTES, end - offset)));
    }
    await Promise.all(parts);
    if (long.failure !== null) this.#replies.refuse(request, long.failure);
  }

  async #readPart(long: LongRead, offset: number, length: number): Promise<void> {
    // Before anything is waited for: what is under way is bounded by the memory taken for it.
    const draft = this.#replies.draftData(length);
    const isHole = await this.#isHole(offset, length);
    const read = isHole ? DONE : await this.#device.read(offset, draft.data);
    long.openParts--;
    if (!read.ok) long.failure ??= refusalOf(read);
    // The last one to come ends the reply, unless that is to end with an error.
    const last = long.openParts === 0 && long.failure === null;
    if (read.ok && !isHole) {
      this.#replies.sendData(long.request, draft, offset, last);
      return;
    }
    this.#replies.dropData(draft);
    if (isHole) this.#replies.sendHole(long.request, offset, length, last);
  }

  async #isHole(offset: number, length: number): Promise<boolean> {
    if (length < HOLE_BYTES) return false;
    const extent = await this.#device.extentAt(offset, length);
    return extent.ok && extent.value.kind === 'zero' && extent.value.length === length;
  }
}

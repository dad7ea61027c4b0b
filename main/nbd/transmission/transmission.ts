import type { Clock } from '../../../shared/clock.ts';
import type { Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { COMMAND, COMMAND_FLAG, ERROR } from '../../block/nbd/protocol.ts';
import type { NbdExport } from '../export.ts';
import type { Wire } from '../../block/nbd/wire/wire.ts';
import { BusyPoll } from './busy-poll.ts';
import { isContext, statusOf } from './block-status.ts';
import { checkRequest, type Agreement } from './check-request.ts';
import { Flow } from './flow.ts';
import { IncomingWrite } from './incoming-write.ts';
import { prefetch } from './prefetch.ts';
import { Reads } from './reads.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import { Replies } from './replies.ts';
import { ReplyStream } from './reply-stream.ts';
import { RequestStream, type Payload, type RequestHandler } from './request-stream.ts';
import type { NbdRequest } from './request.ts';
import type { SlabPool } from './slabs.ts';
import { checkFastZeroes, zero } from './zeroing.ts';

const SHUTTING_DOWN: Refusal = { error: ERROR.shutdown, message: 'the server is being shut down' };

/** What all transmissions of a server share. */
export interface TransmissionSurroundings {
  readonly pool: SlabPool;
  readonly clock: Clock;
}

/**
 * Serves one client's requests on an export, in the thread of the disk: a request goes from the socket's memory to
 * the disk and back without being handed to anybody.
 */
export class Transmission implements RequestHandler {
  /** Resolves when no request uses the device any more, or they were given up, and the connection is about to end. */
  readonly done: Promise<void>;
  readonly #export: NbdExport;
  readonly #device: BlockDevice;
  readonly #agreement: Agreement;
  readonly #wire: Wire;
  readonly #flow = new Flow(() => this.#eased());
  readonly #requests: RequestStream;
  readonly #stream: ReplyStream;
  readonly #replies: Replies;
  readonly #reads: Reads;
  readonly #poll: BusyPoll;
  /** Requests that were not answered yet. */
  readonly #open = new Set<NbdRequest>();
  #answered = 0;
  /** Whether to go on when the requests under way have ended: for the client's sake, or the server's. */
  #until: 'open' | 'client-leaves' | 'server-stops' = 'open';
  #goesOn = false;
  #finish: () => void = () => {};

  constructor(
    served: NbdExport,
    agreement: Agreement,
    wire: Wire,
    { pool, clock }: TransmissionSurroundings,
  ) {
    this.#export = served;
    this.#device = served.device;
    this.#agreement = agreement;
    this.#wire = wire;
    this.#requests = new RequestStream(pool, this);
    this.#stream = new ReplyStream(wire, pool, this.#flow);
    this.#replies = new Replies(this.#stream, agreement.structured);
    this.#reads = new Reads(this.#device, this.#replies, this.#flow);
    this.#poll = new BusyPoll({ clock, othersWork: served.copying ?? (() => false) });
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** @param early what the client has sent before it knew that it may */
  start(early: Uint8Array): void {
    this.#requests.feed(early);
    this.#wire.start(this.#requests);
  }

  /** Refuses further requests, and ends the connection when those under way are answered. */
  stop(): void {
    if (this.#until === 'open') this.#until = 'server-stops';
    this.#eased();
  }

  /** Another number when a request was answered, or more of a long answer was taken. */
  get progress(): number {
    return this.#answered + (this.#flow.freedWhileFull ?? 0);
  }

  /**
   * Refuses what is under way as well, and ends the connection. What the disk comes up with later is dropped; until then
   * it uses memory of the client's.
   */
  abandon(): void {
    for (const request of this.#open) this.#replies.refuse(request, SHUTTING_DOWN);
    this.#open.clear();
    this.#leave();
  }

  /** Gives back memory. Only when the wire is closed. */
  dispose(): void {
    this.#requests.dispose();
  }

  get busy(): boolean {
    return this.#flow.isFull;
  }

  begin(request: NbdRequest): void {
    this.#poll.came();
    const { command, offset, length } = request;
    if (command === COMMAND.disconnect) return this.ended();
    const refusal = this.#refusal(request);
    if (refusal !== null) return this.#replies.refuse(request, refusal);
    switch (command) {
      case COMMAND.read:
        return this.#run(request, this.#reads.answer(request));
      case COMMAND.blockStatus:
        return this.#run(request, this.#blockStatus(request));
      case COMMAND.writeZeroes:
        return this.#run(request, this.#answer(request, zero(this.#device, request)));
      case COMMAND.trim:
        return this.#run(request, this.#answer(request, this.#device.discard(offset, length)));
      case COMMAND.cache:
        return this.#run(request, this.#answer(request, prefetch(this.#device, offset, length)));
      default:
        return this.#run(request, this.#answer(request, this.#device.flush()));
    }
  }

  beginWrite(request: NbdRequest): Payload | null {
    this.#poll.came();
    const refusal = this.#refusal(request);
    if (refusal !== null) {
      this.#replies.refuse(request, refusal);
      return null;
    }
    const write = new IncomingWrite(this.#device, this.#flow);
    this.#run(request, this.#answer(request, write.written));
    return write;
  }

  malformed(): void {
    this.#wire.destroy();
    this.ended();
  }

  ended(): void {
    this.#until = 'client-leaves';
    this.#requests.stop();
    this.#eased();
  }

  #refusal(request: NbdRequest): Refusal | null {
    if (this.#until === 'server-stops') return SHUTTING_DOWN;
    const broken = checkRequest(request, this.#export, this.#agreement);
    if (broken !== null || request.command !== COMMAND.writeZeroes) return broken;
    return checkFastZeroes(request, this.#export);
  }

  #run(request: NbdRequest, work: Promise<void>): void {
    this.#open.add(request);
    this.#flow.run(work.then(() => this.#hasEnded(request)));
  }

  #hasEnded(request: NbdRequest): void {
    this.#open.delete(request);
    this.#answered++;
  }

  /** Sends the outcome; with FUA, when it is durable. */
  async #answer(request: NbdRequest, work: Promise<Result<void>>): Promise<void> {
    const worked = await work;
    const durable = (request.flags & COMMAND_FLAG.fua) !== 0 && !this.#export.device.readOnly;
    const outcome = worked.ok && durable ? await this.#device.flush() : worked;
    if (outcome.ok) this.#replies.done(request);
    else this.#replies.refuse(request, refusalOf(outcome));
  }

  async #blockStatus(request: NbdRequest): Promise<void> {
    const onlyOne = (request.flags & COMMAND_FLAG.requestOne) !== 0;
    const names = this.#agreement.contexts;
    for (const [index, name] of names.entries()) {
      if (!isContext(name)) continue;
      const found = await statusOf(name, this.#device, request, onlyOne);
      if (!found.ok) {
        this.#replies.refuse(request, refusalOf(found));
        return;
      }
      this.#replies.sendStatus(request, index + 1, found.value, index + 1 === names.length);
    }
  }

  /** There is less to do than before. */
  #eased(): void {
    if (this.#flow.isIdle) {
      if (this.#until !== 'open') return this.#leave();
      this.#poll.idle();
    }
    if (this.#goesOn || !this.#requests.stalled || this.busy) return;
    this.#goesOn = true;
    // Not at once: other clients, and what the disk has to do, get their turn in between.
    setImmediate(() => {
      this.#goesOn = false;
      if (this.#requests.pump()) this.#wire.resume();
    });
  }

  #leave(): void {
    this.#poll.stop();
    this.#requests.stop();
    this.#stream.close();
    this.#wire.end();
    this.#finish();
  }
}

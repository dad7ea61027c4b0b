import { sleep } from '../../../shared/clock.ts';
import { because, err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { Agreed } from './client-handshake.ts';
import { NbdConnection, type ConnectionSettings } from './connection.ts';
import { COMMAND, FLAG } from './protocol.ts';
import type { Outcome, Request } from './request.ts';

/** A connection with so much under way gets company, where the server allows several. */
const BUSY_BYTES = 512 * 1024;
/** Pauses before a lost connection is made again. Longer ones are for whoever asked: the source may be gone for hours. */
const RETRY_DELAYS_MS = [0, 100, 400];
/** A request that several connections were lost with is not tried again. */
const MOST_LOSSES = 3;

/**
 * The connections to one export. One is always there, further ones are made when it is busy; requests go to the one
 * with the least under way. A lost connection is made again, and what was under way asked again: the answers are the
 * same, as long as the export is. If it is not, requests fail with `source-changed` from then on.
 */
export class Connections {
  readonly agreed: Agreed;
  readonly #settings: ConnectionSettings;
  #most: number;
  #open: NbdConnection[];
  #opening: Promise<Result<NbdConnection>> | null = null;
  #final: Err | null = null;
  /** Writes were acknowledged that no flush has covered yet. */
  #dirty = false;

  static async open(settings: ConnectionSettings, most: number): Promise<Result<Connections>> {
    const first = await NbdConnection.open(settings);
    if (!first.ok) return because(settings.target.display, first);
    return ok(new Connections(first.value, settings, most));
  }

  private constructor(first: NbdConnection, settings: ConnectionSettings, most: number) {
    this.agreed = first.agreed;
    this.#settings = settings;
    this.#most = (this.agreed.flags & FLAG.canMultiConn) !== 0 ? most : 1;
    this.#open = [first];
  }

  /** Carries out a request. Failures carry the name of the source. */
  async run(request: Request): Promise<Result<Buffer | null>> {
    let lost: Err | null = null;
    for (let losses = 0; losses < MOST_LOSSES; losses++) {
      const there = this.#choose();
      const connection = there === null ? await this.#reconnect() : ok(there);
      if (!connection.ok) return this.#named(connection);
      const outcome = await connection.value.request(request);
      if (outcome.kind === 'lost') {
        lost = outcome.failure;
      } else {
        this.#note(request, outcome);
        return outcome.kind === 'done' ? ok(outcome.status) : this.#named(outcome.failure);
      }
    }
    return this.#named(lost ?? err('source-unreachable', 'the connection was lost'));
  }

  /** Ends everything: what is under way and what comes fails with `closed`. Idempotent. */
  close(): void {
    const reason = err('closed', 'the device was closed');
    this.#final ??= reason;
    for (const connection of this.#open) connection.close(reason);
    this.#open = [];
  }

  /** The connection with the least under way; null where there is none. */
  #choose(): NbdConnection | null {
    if (this.#open.some(({ isOver }) => isOver)) this.#clearLost();
    if (this.#final !== null) return null;
    const [first, ...others] = this.#open;
    if (first === undefined) return null;
    const least = others.reduce((best, one) => (one.load < best.load ? one : best), first);
    const isBusy = least.load >= BUSY_BYTES && this.#open.length < this.#most;
    if (isBusy && this.#opening === null) void this.#addOne();
    return least;
  }

  /** What is there serves as well; a server that does not want more is not asked again. */
  async #addOne(): Promise<void> {
    const added = await this.#connectOnce();
    if (!added.ok) this.#most = Math.max(1, this.#open.length);
  }

  #clearLost(): void {
    this.#open = this.#open.filter(({ isOver }) => !isOver);
    // What the server had acknowledged may be gone with it, and a later flush would not tell.
    if (this.#dirty)
      this.#final ??= err('io', 'the connection was lost with writes not yet flushed: they may be lost');
  }

  /** Requests that find no connection share the attempts to make one. */
  async #reconnect(): Promise<Result<NbdConnection>> {
    let last: Result<NbdConnection> | null = null;
    for (const delayMs of RETRY_DELAYS_MS) {
      if (delayMs > 0) await sleep(this.#settings.clock, delayMs);
      if (this.#final !== null) return this.#final;
      const there = this.#choose();
      last = there === null ? await this.#connectOnce() : ok(there);
      if (last.ok || last.failure.code !== 'source-unreachable') return last;
    }
    return last ?? err('source-unreachable', 'the connection was lost');
  }

  #connectOnce(): Promise<Result<NbdConnection>> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #connect(): Promise<Result<NbdConnection>> {
    const opened = await NbdConnection.open(this.#settings);
    if (!opened.ok) return opened;
    const refusal = this.#final ?? this.#changed(opened.value.agreed);
    if (refusal === null) {
      this.#open.push(opened.value);
      return opened;
    }
    opened.value.close(refusal);
    this.#final ??= refusal;
    return refusal;
  }

  /** An export of another size or kind is another disk, or the same after its content has changed. */
  #changed({ lengthBytes, flags, minimumBytes }: Agreed): Err | null {
    const before = this.agreed;
    if (lengthBytes !== before.lengthBytes) {
      const sizes = `it had ${before.lengthBytes} bytes and has ${lengthBytes}`;
      return err('source-changed', `the export has changed since it was opened: ${sizes}`);
    }
    const abilities = (given: number) => given & ~FLAG.canMultiConn;
    if (abilities(flags) === abilities(before.flags) && minimumBytes === before.minimumBytes) return null;
    return err('source-changed', 'the export has changed since it was opened: it can do other things now');
  }

  #note({ command }: Request, outcome: Outcome): void {
    const writes = command === COMMAND.write || command === COMMAND.writeZeroes || command === COMMAND.trim;
    if (writes) this.#dirty = true;
    if (command === COMMAND.flush && outcome.kind === 'done') this.#dirty = false;
  }

  #named(failure: Err): Err {
    return because(this.#settings.target.display, failure);
  }
}

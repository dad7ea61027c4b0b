import { type Err, type Result, DONE, because, err } from '../../../shared/result.ts';
import { Connection, type ConnectionSettings, type Exchange } from './connection.ts';
import { MAX_IDLE_MS } from './limits.ts';

/** Requests somebody waits for go before those that only prepare for later. */
export type Priority = 'demand' | 'background';

/** How one range request went; for whoever adapts the size and number of requests to the line. */
export interface ExchangeSample {
  readonly requestedBytes: number;
  /** From sending the request, on a new connection from connecting, to the first byte of the response. */
  readonly timeToFirstByteMs: number;
  readonly totalMs: number;
}

export interface PoolOptions extends ConnectionSettings {
  readonly connections: number;
  readonly onExchange: ((sample: ExchangeSample) => void) | undefined;
}

interface Task {
  readonly exchange: Exchange;
  readonly priority: Priority;
  readonly settle: (result: Result<void>) => void;
  readonly signal: AbortSignal | undefined;
  /** What it runs on at present. */
  connection: Connection | null;
}

const WITHDRAWN = err('cancelled', 'the request was withdrawn');

/**
 * A bounded number of kept connections to one server. Requests wait in two queues, demand before background, each
 * first come, first served. Background requests leave one connection free, where there are several, so that a
 * demand request never waits for a long background body to end.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #waiting: Record<Priority, Task[]> = { demand: [], background: [] };
  readonly #running: Record<Priority, number> = { demand: 0, background: 0 };
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #closed = false;
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Runs an exchange when its turn comes. Failures carry the name of the source; `closed` after {@link close}.
   * @param signal withdraws it with `cancelled`, at the cost of its connection where it runs: nothing is written into
   *   the target from then on
   */
  run(exchange: Exchange, priority: Priority, signal?: AbortSignal): Promise<Result<void>> {
    return new Promise((settle) => {
      if (this.#closed) return settle(this.#failure());
      if (signal?.aborted) return settle(WITHDRAWN);
      const withdraw = () => this.#withdraw(task);
      const task: Task = {
        exchange,
        priority,
        signal,
        connection: null,
        settle: (result) => {
          signal?.removeEventListener('abort', withdraw);
          settle(result);
        },
      };
      signal?.addEventListener('abort', withdraw);
      this.#waiting[priority].push(task);
      this.#dispatch();
    });
  }

  /** Ends everything that waits or runs with `closed`. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiting = [...this.#waiting.demand.splice(0), ...this.#waiting.background.splice(0)];
    for (const task of waiting) task.settle(this.#failure());
    for (const connection of [...this.#open]) connection.close(err('closed', 'the device was closed'));
  }

  /** Closes as soon as nothing waits or runs any more. Nothing may be run from now on. */
  closeWhenIdle(): void {
    this.#retired = true;
    this.#closeIfRetired();
  }

  #withdraw(task: Task): void {
    const waiting = this.#waiting[task.priority];
    const place = waiting.indexOf(task);
    if (place < 0) return task.connection?.close(WITHDRAWN);
    waiting.splice(place, 1);
    task.settle(WITHDRAWN);
  }

  #closeIfRetired(): void {
    const { demand, background } = this.#running;
    if (this.#retired && demand + background === 0) this.close();
  }

  #dispatch(): void {
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      this.#running[task.priority]++;
      void this.#perform(task);
    }
  }

  #next(): Task | undefined {
    const { connections } = this.#options;
    if (this.#running.demand + this.#running.background >= connections) return undefined;
    const demand = this.#waiting.demand.shift();
    if (demand !== undefined) return demand;
    const mostInBackground = Math.max(1, connections - 1);
    return this.#running.background < mostInBackground ? this.#waiting.background.shift() : undefined;
  }

  async #perform(task: Task): Promise<void> {
    let connection = this.#takeIdle() ?? this.#connect();
    task.connection = connection;
    let outcome = await connection.run(task.exchange);
    if (outcome.kind === 'stale' && !this.#closed && !task.signal?.aborted) {
      task.connection = connection = this.#connect();
      outcome = await connection.run(task.exchange);
    }
    task.connection = null;
    if (!connection.closed) this.#idle.push(connection);
    this.#running[task.priority]--;
    this.#dispatch();
    this.#closeIfRetired();
    if (outcome.kind === 'done') {
      this.#options.onExchange?.({
        requestedBytes: task.exchange.target.length,
        timeToFirstByteMs: outcome.timeToFirstByteMs,
        totalMs: outcome.totalMs,
      });
      task.settle(DONE);
      return;
    }
    const failure = outcome.kind === 'failed' ? outcome.failure : err('closed', 'the device was closed');
    task.settle(because(this.#options.address.display, failure));
  }

  /** The connection used last, as long as it is not so old that a router may have forgotten it. */
  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop();
    if (connection === undefined) return undefined;
    if (this.#options.clock.now() - connection.lastProgressMs <= MAX_IDLE_MS) return connection;
    // The others have been idle for even longer.
    for (const old of [connection, ...this.#idle])
      old.close(err('closed', 'the connection was idle for too long'));
    return undefined;
  }

  #connect(): Connection {
    const connection: Connection = new Connection(this.#options, () => {
      this.#open.delete(connection);
      const position = this.#idle.indexOf(connection);
      if (position >= 0) this.#idle.splice(position, 1);
    });
    this.#open.add(connection);
    return connection;
  }

  #failure(): Err {
    return err('closed', `${this.#options.address.display}: the device was closed`);
  }
}

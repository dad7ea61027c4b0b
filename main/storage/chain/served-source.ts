import type { MessagePort } from 'node:worker_threads';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { closedFailure } from '../../block/bounds.ts';
import type { Extent } from '../../block/device.ts';
import { ReadOnlyDevice } from '../../block/read-only-device.ts';
import { BlockPortClient } from '../block-port/client.ts';

/**
 * A layer of a chain that another thread owns, which may be writing it: it is read through that thread.
 *
 * Threads can die. What is asked then waits until somebody brings a connection to the next owner
 * ({@link reconnect}): the bytes are the same, and a guest must not see the difference.
 */
export class ServedSource extends ReadOnlyDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly remote = false;
  #client: BlockPortClient;
  #waiting: (() => void)[] = [];

  /** Fails as {@link BlockPortClient.connect} does. */
  static async open(name: string, port: MessagePort): Promise<Result<ServedSource>> {
    const client = await BlockPortClient.connect(port);
    return client.ok ? ok(new ServedSource(name, client.value)) : client;
  }

  private constructor(name: string, client: BlockPortClient) {
    super();
    this.name = name;
    this.lengthBytes = client.lengthBytes;
    this.#client = client;
  }

  /** Goes on over another connection to the same layer. */
  async reconnect(port: MessagePort): Promise<Result<void>> {
    const client = await BlockPortClient.connect(port);
    if (!client.ok) return client;
    if (this.closed || client.value.lengthBytes !== this.lengthBytes) {
      await client.value.close();
      return this.closed ? closedFailure(this) : err('source-changed', `'${this.name}' has another size now`);
    }
    const before = this.#client;
    this.#client = client.value;
    this.#wake();
    void before.close(); // its thread is gone, or will notice
    return DONE;
  }

  read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#ask((client) => client.read(offset, target));
  }

  extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return this.#ask((client) => client.extentAt(offset, length));
  }

  /** What is under way fails: its owner may be waiting for a source that never answers. */
  async close(): Promise<Result<void>> {
    this.closed = true;
    this.#wake();
    void this.#client.close(); // nothing of ours is in it
    return DONE;
  }

  async #ask<T>(question: (client: BlockPortClient) => Promise<Result<T>>): Promise<Result<T>> {
    while (!this.closed) {
      const client = this.#client;
      const answer = await question(client);
      if (answer.ok || answer.failure.code !== 'closed') return answer;
      await this.#another(client);
    }
    return closedFailure(this);
  }

  /** Resolves when there is another connection than `client`, or none any more. */
  async #another(client: BlockPortClient): Promise<void> {
    if (this.#client !== client || this.closed) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

import type { Priority, StreamCommand } from '../../shared/ipc/machines.ts';
import { DONE, err, type Result } from '../../shared/result.ts';
import type { StreamRow } from '../catalog/tables/streams.ts';
import { concerns, type ManyStreamsCommand } from './all-streams.ts';
import type { DiskControl } from './disk-control.ts';
import type { DiskRegistry } from './disk-registry.ts';
import { afterCommand } from './disk-rows.ts';
import { fillingCopy } from './overlay-chain.ts';

/** What the user wants of streams: written down first, then done. */
export class StreamWishes {
  readonly #disks: DiskRegistry;

  constructor(disks: DiskRegistry) {
    this.#disks = disks;
  }

  /**
   * Starts, pauses, resumes or ends a disk's streaming, whether or not its machine is on. A linked disk that is
   * started becomes a standalone one.
   */
  async stream({ id, command }: { id: string; command: StreamCommand }): Promise<Result<void>> {
    if (this.#disks.get(id)?.complete === true) {
      return err('invalid-argument', 'This disk is complete: there is nothing left to stream', {
        words: ['disk-complete'],
      });
    }
    const changed = this.#disks.changeStream(
      id,
      (stream) => afterCommand(stream, command),
      ({ disks }) => becomesStandalone(command) && disks.setKind(id, 'standalone'),
    );
    if (!changed.ok) return changed;
    const copied = await this.#streamCopyOf(changed.value, command);
    if (!copied.ok) return copied;
    const limited = command === 'complete-now' ? await changed.value.applyLimit() : DONE;
    const steered = await changed.value.steer(command);
    return steered.ok ? limited : steered;
  }

  /** What a disk is to get comes from the copy it lies on, as long as that is not complete: it has to go on then. */
  async #streamCopyOf({ rows }: DiskControl, command: StreamCommand): Promise<Result<void>> {
    const copy = fillingCopy(rows.masters);
    if (copy === null || command === 'pause' || command === 'cancel') return DONE;
    return this.stream({ id: copy.id, command: command === 'start' ? 'resume' : command });
  }

  /** Does this to every disk where it makes sense. Fails with the first failure; the others have been told. */
  async streamAll({ command }: { command: ManyStreamsCommand }): Promise<Result<void>> {
    const meant = this.#disks.all().filter(({ view }) => concerns(view, command));
    const done = await Promise.all(meant.map(({ id }) => this.stream({ id, command })));
    return done.find((result) => !result.ok) ?? DONE;
  }

  /** Disks that stream, or will by themselves when their source is back or it is their turn. */
  get streamingCount(): number {
    return this.#disks.all().filter(({ willStream }) => willStream).length;
  }

  /** Bytes per second for everything this disk fetches; 0 for no limit, null for the default of the preferences. */
  async setLimit({ id, limit }: { id: string; limit: number | null }): Promise<Result<void>> {
    const changed = this.#disks.changeStream(id, (stream) => ({ ...stream, limit }));
    return changed.ok ? changed.value.applyLimit() : changed;
  }

  setOnError({ id, onError }: { id: string; onError: StreamRow['onError'] }): Promise<Result<void>> {
    return this.#change(id, { onError });
  }

  setPriority({ id, priority }: { id: string; priority: Priority }): Promise<Result<void>> {
    return this.#change(id, { priority });
  }

  async #change(id: string, change: Partial<StreamRow>): Promise<Result<void>> {
    const changed = this.#disks.changeStream(id, (stream) => ({ ...stream, ...change }));
    if (!changed.ok) return changed;
    await changed.value.settle();
    return DONE;
  }
}

/** Also a linked disk, which does not stream otherwise. */
function becomesStandalone(command: StreamCommand): boolean {
  return command === 'start' || command === 'complete-now';
}

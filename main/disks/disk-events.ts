import { type Failure } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { WrongBytes } from '../block/verified/mirror-set.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import { learnBoot } from './boot-learning.ts';
import { completeDisk } from './complete-disk.ts';
import type { DiskControl } from './disk-control.ts';
import type { DiskRegistry } from './disk-registry.ts';
import type { Journal } from './journal.ts';
import { deletePassing } from '../catalog/passing-files.ts';

export interface DiskEventParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly nowMs: () => number;
  readonly journal: Journal;
  /** More is known of what a start of a master reads. */
  readonly bootLearned: () => void;
  /** A disk needs what it lay on no longer. */
  readonly usersChanged: () => void;
}

/** What follows from what happens to disks by itself: it is written down and told. */
export class DiskEvents {
  readonly #parts: DiskEventParts;
  readonly #registry: DiskRegistry;

  constructor(parts: DiskEventParts, registry: DiskRegistry) {
    this.#parts = parts;
    this.#registry = registry;
  }

  /** Told once in the life of a disk, also when the program was killed between the disk's last byte and the telling. */
  completed(control: DiskControl): void {
    const { catalog, nowMs, journal } = this.#parts;
    const done = completeDisk(catalog, control.rows.row, nowMs());
    if (!done.ok) return journal.report(done);
    journal.report(this.#registry.refresh(control));
    const { name, isCopy, files, first } = done.value;
    if (isCopy) journal.report(this.#registry.copyCompleted(control.id));
    const what = isCopy ? `The local copy of ${name} is complete` : `${name} is complete`;
    const text = `${what}: its disk needs no network any more.`;
    if (first)
      journal.tell({
        level: 'info',
        kind: isCopy ? 'copy-complete' : 'disk-standalone',
        facts: [name],
        subject: control.id,
        text,
      });
    void this.#deleteWhenFree(control, files);
    this.#parts.usersChanged();
  }

  failed(control: DiskControl, failure: Failure): void {
    const { journal } = this.#parts;
    journal.report(this.#registry.changeStream(control.id, (stream) => ({ ...stream, failure })));
    const text = `Streaming into '${control.rows.row.path}' ended: ${failure.message}`;
    journal.tell({
      level: 'error',
      kind: 'stream-failed',
      facts: [control.rows.row.path],
      failure,
      subject: control.id,
      text,
    });
  }

  /** The next overlay of the same master is filled in this order; those that are there know how much they lack. */
  bootRecorded(control: DiskControl, ranges: readonly Range[], end: BootEnd): void {
    const { catalog, nowMs, journal } = this.#parts;
    const learned = learnBoot(catalog, control.rows, ranges, end, nowMs());
    journal.report(learned);
    if (learned.ok && learned.value !== null) this.bootKnown(learned.value);
  }

  bootKnown(masterId: string): void {
    this.#parts.journal.report(this.#registry.bootLearned(masterId));
    this.#parts.bootLearned();
  }

  storeFailed({ id, rows }: DiskControl, failure: Failure): void {
    this.#parts.journal.tell({
      level: 'warning',
      kind: 'store-failed',
      facts: [rows.row.path],
      failure,
      subject: id,
      text: failure.message,
    });
  }

  /** Nothing was lost by it, and other sources may have helped: written down, and told where a disk has to wait. */
  wrongBytes({ id }: DiskControl, { failure }: WrongBytes): void {
    this.#parts.journal.note({
      level: 'warning',
      kind: 'wrong-bytes',
      subject: id,
      text: failure.message,
    });
  }

  /** The machine starts all the same, with what its guest asks for and the stream behind it. */
  packLost({ id }: DiskControl, { message }: Failure): void {
    const text = `The start goes on without the boot pack: ${message}`;
    this.#parts.journal.note({ level: 'warning', kind: 'boot-pack-lost', subject: id, text });
  }

  refused(failure: Failure): void {
    this.#parts.journal.report({ ok: false, failure });
  }

  /** The disk may still have what lay behind it open for a moment; what cannot be deleted now is deleted at the next start. */
  async #deleteWhenFree(control: DiskControl, files: readonly string[]): Promise<void> {
    await control.settle();
    this.#parts.journal.report(await deletePassing(this.#parts.catalog, this.#parts.files, files));
  }
}

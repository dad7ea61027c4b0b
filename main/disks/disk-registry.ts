import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import type { StreamRow } from '../catalog/tables/streams.ts';
import type { DiskControl } from './disk-control.ts';
import { readDiskRows, streamOf, type DiskRows } from './disk-rows.ts';
import { KnownBoots } from './known-boots.ts';

/** The disks of the catalog, each with its control, whose rows are kept as the catalog has them. */
export class DiskRegistry {
  readonly #catalog: Catalog;
  readonly #makeControl: (rows: DiskRows) => DiskControl;
  readonly #boots = new KnownBoots();
  readonly #controls = new Map<string, DiskControl>();

  constructor(catalog: Catalog, makeControl: (rows: DiskRows) => DiskControl) {
    this.#catalog = catalog;
    this.#makeControl = makeControl;
  }

  all(): DiskControl[] {
    return [...this.#controls.values()];
  }

  /** Who lies on a copy is among the others. */
  copiesAndOthers(): readonly [copies: DiskControl[], others: DiskControl[]] {
    const isCopy = ({ rows }: DiskControl) => rows.copy !== null;
    return [this.all().filter(isCopy), this.all().filter((control) => !isCopy(control))];
  }

  get(id: string): DiskControl | null {
    return this.#controls.get(id) ?? null;
  }

  find(id: string): Result<DiskControl> {
    const control = this.#controls.get(id);
    return control === undefined ? NOT_THERE : ok(control);
  }

  /** Every disk of the catalog. */
  enterAll(): Result<void> {
    const ids = this.#catalog.read(({ disks }) => disks.list().map(({ id }) => id));
    if (!ids.ok) return ids;
    for (const id of ids.value) {
      const entered = this.enter(id);
      if (!entered.ok) return entered;
    }
    return DONE;
  }

  enter(id: string): Result<DiskControl> {
    const rows = this.#read(id);
    if (!rows.ok) return rows;
    const control = this.#makeControl(rows.value);
    this.#controls.set(id, control);
    return ok(control);
  }

  /** The caller ends the control. */
  remove(id: string): DiskControl | null {
    const control = this.get(id);
    this.#controls.delete(id);
    return control;
  }

  removeAll(): void {
    this.#controls.clear();
  }

  /** The rows of a disk are others now; what follows from that follows by itself. */
  refresh(control: DiskControl): Result<void> {
    const rows = this.#read(control.id);
    if (!rows.ok) return rows;
    void control.setRows(rows.value);
    return DONE;
  }

  /** More is known of what a start of a master reads. Fails with the first failure; the other disks know of it. */
  bootLearned(masterId: string): Result<void> {
    this.#boots.forget(masterId);
    return this.#refreshAll(({ rows }) => rows.masters.some(({ id }) => id === masterId));
  }

  /** A copy is complete: what lies on it lies on nothing else any more. Fails with the first failure. */
  copyCompleted(copyId: string): Result<void> {
    return this.#refreshAll(({ rows }) => rows.masters.some(({ id }) => id === copyId));
  }

  /** Machines have come, gone, or have other names: others need the copies. Fails with the first failure. */
  usersChanged(): Result<void> {
    return this.#refreshAll(({ rows }) => rows.copy !== null);
  }

  /** @param also what else changes in the same transaction */
  changeStream(
    id: string,
    change: (stream: StreamRow) => StreamRow,
    also: (tables: Tables) => void = () => undefined,
  ): Result<DiskControl> {
    const control = this.find(id);
    if (!control.ok) return control;
    const stored = this.#catalog.change((tables) => {
      tables.streams.put(change(streamOf(tables, id)));
      also(tables);
    });
    if (!stored.ok) return stored;
    const refreshed = this.refresh(control.value);
    return refreshed.ok ? control : refreshed;
  }

  #refreshAll(which: (control: DiskControl) => boolean): Result<void> {
    const refreshed = this.all()
      .filter(which)
      .map((control) => this.refresh(control));
    return refreshed.find((result) => !result.ok) ?? DONE;
  }

  #read(id: string): Result<DiskRows> {
    const rows = this.#catalog.read((tables) => readDiskRows(tables, this.#boots, id));
    if (!rows.ok) return rows;
    return rows.value === null ? NOT_THERE : ok(rows.value);
  }
}

const NOT_THERE = err('not-found', 'This disk is not there any more', { words: ['disk-gone'] });

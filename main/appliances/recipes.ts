import fs from 'node:fs';
import path from 'node:path';
import { DONE, ok, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import { newMaster, type Master } from '../catalog/tables/masters.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import { findBuiltAppliance, listBuiltAppliances, type InstalledAppliance } from './built-appliances.ts';

/** Id of the master of an appliance built here: another build is another master. */
function masterIdOf({ description }: InstalledAppliance): string {
  return `${description.id.slice(0, 40)}-${description.disk.sha256.slice(0, 12)}`;
}

/** An appliance that was built, with the master it would have. */
interface Built {
  readonly appliance: InstalledAppliance;
  readonly master: Master;
}

/**
 * The appliances that were built on this computer, as the catalog is to have them. Their folder is read again when a file
 * in it has changed.
 */
export class BuiltAppliances {
  readonly #folder: string;
  #stamp: string | null = null;
  #built: readonly Built[] = [];

  /** @param folder where set-up puts them, one folder each */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Enters them into the catalog, as far as it does not have them. A master whose file was built again with the same
   * content is the same master; where the content is another, the old master stays as long as disks need it, and its file
   * is recognised as changed when they read it.
   * @returns the ids of the appliances that are there
   */
  enter(catalog: Catalog, nowMs: number): Result<string[]> {
    const read = this.#read(nowMs);
    if (!read.ok) return read;
    const missing = catalog.read((tables) => this.#built.filter((built) => !isEntered(tables, built)));
    if (!missing.ok) return missing;
    if (missing.value.length > 0) {
      const entered = catalog.change((tables) => {
        for (const built of missing.value) enter(tables, built, nowMs);
      });
      if (!entered.ok) return entered;
    }
    return ok(this.#built.map(({ appliance }) => appliance.description.id));
  }

  #read(nowMs: number): Result<void> {
    const ids = idsIn(this.#folder);
    if (!ids.ok) return ids;
    const stamp = stampOf(this.#folder, ids.value);
    if (stamp !== null && stamp === this.#stamp) return DONE;
    const built: Built[] = [];
    for (const id of ids.value) {
      const appliance = findBuiltAppliance(this.#folder, id);
      // A damaged description costs this appliance only; it is listed as soon as it was built again.
      if (!appliance.ok) continue;
      const master = describeMaster(appliance.value, nowMs);
      if (master.ok) built.push({ appliance: appliance.value, master: master.value });
      else if (master.failure.code !== 'not-found') return master;
    }
    this.#stamp = stamp;
    this.#built = built;
    return DONE;
  }
}

/**
 * Changes when a file of an appliance does; null where one cannot be looked at, because it is being exchanged or should
 * not be there: what can be used of them is then found by reading them.
 */
function stampOf(folder: string, ids: readonly string[]): string | null {
  try {
    const files = ids.flatMap((id) =>
      fs.readdirSync(path.join(folder, id)).map((name) => path.join(folder, id, name)),
    );
    const facts = files.map((file) => {
      const { ino, size, mtimeMs } = fs.statSync(file);
      return [file, ino, size, mtimeMs].join('\t');
    });
    return facts.join('\n');
  } catch {
    return null;
  }
}

function idsIn(folder: string): Result<string[]> {
  try {
    return ok(listBuiltAppliances(folder));
  } catch (error) {
    return failureFromSystem(error, `Could not look at the appliances in '${folder}'`);
  }
}

function enter({ masters, appliances }: Tables, { appliance, master }: Built, nowMs: number): void {
  const { id, location, lastModified } = master;
  if (masters.find(id) === null) masters.add(master);
  else masters.moved(id, location, lastModified);
  const { description } = appliance;
  appliances.put({ id: description.id, feedId: null, masterId: id, description, addedMs: nowMs });
  for (const old of masters.list()) {
    const replaced = old.source === 'recipe' && old.location === location && old.id !== id;
    if (replaced && !masters.isNeeded(old.id)) masters.remove(old.id);
  }
}

function describeMaster({ description, masterPath }: InstalledAppliance, nowMs: number): Result<Master> {
  try {
    return ok(
      newMaster({
        id: masterIdOf({ description, masterPath }),
        name: `${description.name} ${description.version}`,
        source: 'recipe',
        location: masterPath,
        format: 'raw',
        lengthBytes: description.disk.sizeBytes,
        lastModified: fs.statSync(masterPath).mtime.toISOString(),
        sha256: description.disk.sha256,
        createdMs: nowMs,
      }),
    );
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${masterPath}'`);
  }
}

function isEntered({ masters, appliances }: Tables, { appliance, master }: Built): boolean {
  const { description } = appliance;
  const known = masters.find(master.id);
  const entry = appliances.find(description.id);
  return (
    known?.location === master.location &&
    known.lastModified === master.lastModified &&
    entry?.masterId === master.id &&
    entry.description.version === description.version
  );
}

import fs from 'node:fs';
import { ok, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import { newMaster, type Master } from '../catalog/tables/masters.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import { findBuiltAppliance, listBuiltAppliances, type InstalledAppliance } from './built-appliances.ts';

/** Id of the master of an appliance built here: another build is another master. */
function masterIdOf({ description }: InstalledAppliance): string {
  return `${description.id.slice(0, 40)}-${description.disk.sha256.slice(0, 12)}`;
}

/**
 * Enters the appliances that were built on this computer into the catalog. A master whose file was built again with
 * the same content is the same master; where the content is another, the old master stays as long as disks need it,
 * and its file is recognised as changed when they read it.
 * @returns the ids of the appliances that are there
 */
export function enterRecipes(catalog: Catalog, folder: string, nowMs: number): Result<string[]> {
  const present: string[] = [];
  for (const id of listBuiltAppliances(folder)) {
    const found = findBuiltAppliance(folder, id);
    // A damaged description costs this appliance only; it is listed as soon as it was built again.
    if (!found.ok) continue;
    const entered = enter(catalog, found.value, nowMs);
    if (!entered.ok && entered.failure.code !== 'not-found') return entered;
    if (entered.ok) present.push(id);
  }
  return ok(present);
}

function enter(catalog: Catalog, appliance: InstalledAppliance, nowMs: number): Result<void> {
  const master = describeMaster(appliance, nowMs);
  if (!master.ok) return master;
  const known = catalog.read((tables) => isEntered(tables, appliance, master.value));
  if (!known.ok || known.value) return known.ok ? ok(undefined) : known;
  return catalog.change(({ masters, appliances }) => {
    const { id, location, lastModified } = master.value;
    if (masters.find(id) === null) masters.add(master.value);
    else masters.moved(id, location, lastModified);
    const { description } = appliance;
    appliances.put({ id: description.id, feedId: null, masterId: id, description, addedMs: nowMs });
    for (const old of masters.list()) {
      const replaced = old.source === 'recipe' && old.location === location && old.id !== id;
      if (replaced && !masters.isNeeded(old.id)) masters.remove(old.id);
    }
  });
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

function isEntered(
  { masters, appliances }: Tables,
  { description }: InstalledAppliance,
  master: Master,
): boolean {
  const known = masters.find(master.id);
  const entry = appliances.find(description.id);
  return (
    known?.location === master.location &&
    known.lastModified === master.lastModified &&
    entry?.masterId === master.id &&
    entry.description.version === description.version
  );
}

import fs from 'node:fs';
import path from 'node:path';

/** Copies made before migrations lie beside the catalog and are never deleted by us. */
export function backupPath(catalogPath: string, version: number, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  return `${catalogPath}.v${version}.${stamp}.backup`;
}

/** The backups of a catalog, newest first. */
export function listBackups(catalogPath: string): string[] {
  const folder = path.dirname(catalogPath);
  const prefix = `${path.basename(catalogPath)}.v`;
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && name.endsWith('.backup'))
      .map((name) => path.join(folder, name))
      .sort((a, b) => modifiedMs(b) - modifiedMs(a));
  } catch {
    return [];
  }
}

/** What to do about a catalog that cannot be used; for the end of a message. */
export function wayOut(catalogPath: string): string {
  const backups = listBackups(catalogPath);
  if (backups.length === 0) {
    return 'Nothing was changed, and the disks are not touched. There is no backup; move the file aside to start with an empty catalog';
  }
  const names = backups.map((backup) => `'${backup}'`).join(', ');
  return `Nothing was changed, and the disks are not touched. To go back, replace it by one of its backups: ${names}`;
}

function modifiedMs(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

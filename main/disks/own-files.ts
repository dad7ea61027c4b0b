import fs from 'node:fs';
import path from 'node:path';
import { DONE, err, type Err, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import { isRemote, localPath } from '../storage/chain/location.ts';
import { packFileOf } from '../storage/pack/pack-file.ts';

export interface OwnFilesParts {
  readonly catalog: Catalog;
  /** Folders that nobody else has to write in. */
  readonly places: readonly string[];
}

/**
 * The files that Headwater itself lives on: disks, masters, saved states, packs, and the catalog. What a user has
 * written somewhere must never replace one of them, by whatever name it is reached.
 */
export class OwnFiles {
  readonly #parts: OwnFilesParts;

  constructor(parts: OwnFilesParts) {
    this.#parts = parts;
  }

  /**
   * Fails where writing `target` would replace a file of ours or put one among ours: with `busy` for what machines
   * need, with `invalid-argument` for the rest. To be asked again just before a target is replaced.
   */
  async refuse(target: string): Promise<Result<void>> {
    const read = this.#parts.catalog.read((tables) => ({
      claims: claimsOf(tables, this.#parts.catalog.path),
      folders: sourceFolders(tables),
    }));
    if (!read.ok) return read;
    const { claims, folders } = read.value;
    const wanted = await whereIs(target);
    for (const { file, refusal } of claims) {
      if (isSame(await whereIs(file), wanted)) return refusal(target);
    }
    const around = await Promise.all(foldersAround(wanted.real).map(whereIs));
    for (const folder of [...this.#parts.places, ...folders]) {
      const place = await whereIs(folder);
      if (around.some((outer) => isSame(outer, place))) return ofHeadwater(target);
    }
    return DONE;
  }
}

interface Claim {
  readonly file: string;
  readonly refusal: (target: string) => Err;
}

/** What names its owner best comes first. */
function claimsOf({ disks, machines, masters, savedStates, passingFiles }: Tables, catalog: string): Claim[] {
  const nameOf = (machineId: string | null) => (machineId && machines.find(machineId)?.name) ?? '';
  const images = disks.list();
  const used = images.filter(({ machineId }) => machineId !== null);
  const local = masters.list().filter(({ location }) => !isRemote(location));
  const others = [
    ...images.flatMap(({ path: file }) => [file, packFileOf(file)]),
    ...passingFiles.list().map(({ path: file }) => file),
    ...['', '-wal', '-shm'].map((ending) => `${catalog}${ending}`),
  ];
  return [
    ...used.map(({ path: file, machineId }) => ({ file, refusal: ofMachine('a disk', nameOf(machineId)) })),
    ...savedStates.list().map(({ path: file, machineId }) => ({
      file,
      refusal: ofMachine('the saved state', nameOf(machineId)),
    })),
    ...local.map(({ location, name }) => ({ file: localPath(location), refusal: ofMaster(name) })),
    ...others.map((file) => ({ file, refusal: ofHeadwater })),
  ];
}

/** Folders of this computer that published masters are read from, with their packs. */
function sourceFolders({ masters }: Tables): string[] {
  const sources = masters.list().flatMap(({ published }) => published?.sources ?? []);
  return sources.filter((source) => !isRemote(source)).map(localPath);
}

function ofMachine(what: string, machine: string): Claim['refusal'] {
  return (target) =>
    err('busy', `'${target}' is ${what} of the machine ${machine}; choose another place`, {
      words: ['file-of-machine', target, machine],
    });
}

function ofMaster(master: string): Claim['refusal'] {
  return (target) =>
    err('busy', `'${target}' is the master ${master}, which disks lie on; choose another place`, {
      words: ['file-of-master', target, master],
    });
}

function ofHeadwater(target: string): Err {
  return err(
    'invalid-argument',
    `'${target}' lies where Headwater keeps its own files; choose another place`,
    {
      words: ['file-of-headwater', target],
    },
  );
}

interface Whereabouts {
  /** With every link followed, as far as there is something. */
  readonly real: string;
  /** The same for every name of a file; null where there is none. */
  readonly id: string | null;
}

async function whereIs(file: string): Promise<Whereabouts> {
  const real = await realPath(path.resolve(file));
  try {
    const { dev, ino } = await fs.promises.stat(real, { bigint: true });
    return { real, id: `${dev}:${ino}` };
  } catch {
    return { real, id: null };
  }
}

/** What is not there yet will lie in the folder that is. */
async function realPath(file: string): Promise<string> {
  try {
    return await fs.promises.realpath(file);
  } catch {
    const folder = path.dirname(file);
    return folder === file ? file : path.join(await realPath(folder), path.basename(file));
  }
}

function isSame(one: Whereabouts, other: Whereabouts): boolean {
  return one.real === other.real || (one.id !== null && one.id === other.id);
}

/** From the one that a file lies in up to the root. */
function foldersAround(file: string): string[] {
  const folder = path.dirname(file);
  return folder === file ? [] : [folder, ...foldersAround(folder)];
}

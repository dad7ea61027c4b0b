import path from 'node:path';
import { isFromServer, type MasterPlace } from '../../shared/ipc/catalog.ts';
import type { Clock } from '../../shared/clock.ts';
import { because, DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { findPublished } from '../storage/chain/master-description.ts';
import { identityOf } from '../storage/chain/location.ts';
import { publishedLayer } from '../storage/chain/published-master.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { lookAtAddress, type PlaceFacts } from './place-facts.ts';

export interface MasterPlacesParts {
  readonly catalog: Catalog;
  readonly tasks: ImageTasks;
  readonly clock: Clock;
  /** Keeps everybody off the disks over a master while `work` changes where it lies; `busy` while machines use them. */
  readonly whileUnread: <T>(masterId: string, work: () => Promise<Result<T>>) => Promise<Result<T>>;
}

/** As many sources as the catalog keeps of a published master. */
const MOST_SOURCES = 16;

/** Where the disks lie that overlays are made from: looked at, and changed when they have moved. */
export class MasterPlaces {
  readonly #parts: MasterPlacesParts;

  constructor(parts: MasterPlacesParts) {
    this.#parts = parts;
  }

  /** What lies at an address: a raw disk. */
  lookAtAddress(url: string): Promise<Result<PlaceFacts>> {
    return lookAtAddress(url, this.#parts.clock);
  }

  /** What lies in a file. That of a machine's disk is refused: the machine would change what others are made from. */
  async lookAtFile(file: string, format: Master['format']): Promise<Result<PlaceFacts>> {
    const location = path.resolve(file);
    const free = this.#checkUnused(location);
    if (!free.ok) return free;
    const inspected = await this.#parts.tasks.run('inspect', { path: location, format });
    return inspected.ok
      ? ok({ source: 'file', location, format, etag: null, ...inspected.value })
      : inspected;
  }

  /** What lies now where a master did. */
  lookAgain({ source, location, format }: Master): Promise<Result<PlaceFacts>> {
    return isFromServer(source) ? this.lookAtAddress(location) : this.lookAtFile(location, format);
  }

  /**
   * The same master lies at another place: disks over it are read from there. Of a published one every byte is compared
   * with its hashes; of another, the length, and the user vouches for the rest. Fails with `invalid-argument` where another
   * disk lies there, with `busy` while a machine uses a disk over it, as reading there does.
   */
  async relocate(master: Master, to: MasterPlace): Promise<Result<void>> {
    const { catalog, whileUnread } = this.#parts;
    const moved = await (master.published === null ? this.#plain(master, to) : this.#published(master, to));
    if (!moved.ok) return moved;
    return whileUnread(master.id, async () =>
      catalog.change(({ masters }) => masters.relocated(moved.value)),
    );
  }

  #checkUnused(location: string): Result<void> {
    const identity = identityOf(location);
    const user = this.#parts.catalog.read(({ disks, machines }) => {
      const disk = disks.list().find(({ path: file }) => identityOf(file) === identity);
      if (disk === undefined) return null;
      const machine = disk.machineId === null ? null : machines.find(disk.machineId);
      return machine?.name ?? path.basename(disk.path);
    });
    if (!user.ok) return user;
    if (user.value === null) return DONE;
    return err(
      'busy',
      `'${location}' is the disk of '${user.value}', which writes it: duplicate that machine, or use a copy of the file`,
      { words: ['disk-of-machine', location, user.value] },
    );
  }

  async #plain(master: Master, to: MasterPlace): Promise<Result<Master>> {
    const facts = await (to.source === 'file'
      ? this.lookAtFile(to.path, master.format)
      : this.lookAtAddress(to.url));
    if (!facts.ok) return facts;
    if (facts.value.format !== master.format || facts.value.lengthBytes !== master.lengthBytes) {
      return anotherDisk(master, facts.value.location);
    }
    return ok({ ...master, ...facts.value });
  }

  async #published(master: Master, to: MasterPlace): Promise<Result<Master>> {
    const place = to.source === 'file' ? to.path : to.url;
    const found = await findPublished(place, this.#parts.clock);
    if (!found.ok) return because(`'${place}' is not a place of published masters`, found);
    const description = master.published?.description ?? found.value.description;
    if (found.value.description.sha256 !== description.sha256) return anotherDisk(master, place);
    const known = master.published?.sources ?? [];
    const sources = [...new Set([...found.value.sources, ...known])].slice(0, MOST_SOURCES);
    const published = { description, sources };
    return ok({ ...master, published, source: to.source, location: publishedLayer(published).location });
  }
}

function anotherDisk({ name }: Master, place: string): Err {
  return err(
    'invalid-argument',
    `'${place}' is not the same disk as '${name}': disks made from it cannot go on there`,
    {
      words: ['another-disk', place, name],
    },
  );
}

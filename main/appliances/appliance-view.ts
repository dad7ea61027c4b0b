import type { ApplianceDescription } from '../../shared/appliance.ts';
import type { StateDescription } from '../../shared/master.ts';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { err, type Failure } from '../../shared/result.ts';
import { TIB } from '../../shared/units.ts';
import type { WholeImage } from '../storage/download/fetch-image.ts';
import type { Master } from '../catalog/tables/masters.ts';

/** The emulator counts sectors in 32 bits. */
const MOST_DISK_BYTES = 2 * TIB;

/** Something that machines can be made from, now or when it was fetched. */
export interface Entry {
  readonly id: string;
  readonly description: ApplianceDescription;
  readonly source: Master['source'];
  /** Of the disk. */
  readonly lengthBytes: number;
  readonly feed: ApplianceView['feed'];
  readonly withdrawn: boolean;
  /** Why no machine can be made from it as it is listed; null where one can. */
  readonly obstacle: Failure | null;
  /** What has to be fetched whole before a machine can be made from what is listed; null where nothing has. */
  readonly download: Pick<WholeImage, 'lengthBytes'> | null;
  /** What a start reads; null while no start was recorded. */
  readonly bootBytes: number | null;
  /** The state that is published with its master, where this program can go on from it. */
  readonly state: StateDescription | null;
}

/** @param problem why its master cannot be reached at present, if so */
export function applianceView(entry: Entry, problem: Failure | null): ApplianceView {
  const { id, description, source, lengthBytes, feed, withdrawn, obstacle, download, bootBytes, state } =
    entry;
  const never = cannotRun(description.arch, lengthBytes);
  const unavailableBecause = problem ?? never ?? obstacle;
  return {
    id,
    name: description.name,
    summary: description.summary,
    publisher: description.publisher,
    version: description.version,
    arch: description.arch,
    licence: description.licence,
    loginHint: description.loginHint ?? null,
    memoryMiB: description.memoryMiB,
    diskBytes: lengthBytes,
    bootBytes,
    instantStart: state && { bytes: state.lengthBytes, memoryMiB: state.memoryMiB },
    source,
    feed,
    withdrawn,
    homepage: description.homepage ?? null,
    icon: description.icon ?? null,
    tags: description.tags ?? [],
    recommended: description.recommended === true,
    downloadBytes: never === null ? (download?.lengthBytes ?? null) : null,
    available: unavailableBecause === null,
    unavailableBecause,
  };
}

function cannotRun(arch: string, lengthBytes: number): Failure | null {
  if (arch !== 'i386') {
    const text = `It needs a ${arch} processor, which the built-in machine does not have.`;
    return err('unsupported', text, { words: ['other-processor', arch] }).failure;
  }
  if (lengthBytes <= MOST_DISK_BYTES) return null;
  const text = 'The built-in machine can use disks of at most 2 TiB.';
  return err('unsupported', text, { words: ['disk-too-large'] }).failure;
}

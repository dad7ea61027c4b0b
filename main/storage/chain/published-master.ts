import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import type { Result } from '../../../shared/result.ts';
import { ok } from '../../../shared/result.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import { folderSource } from '../../block/verified/folder-source.ts';
import { httpSource } from '../../block/verified/http-source.ts';
import type { MasterSource } from '../../block/verified/master-source.ts';
import type { MirrorRecords } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import { VerifiedDevice } from '../../block/verified/verified-device.ts';
import type { ImageChain } from './image-chain.ts';
import { isRemote, localPath } from './location.ts';

/** With another source to turn to, one that says nothing is not waited for as long as a single one. */
const IMPATIENT_MS = 5000;

export interface PublishedOptions {
  readonly clock: Clock;
  /** Most connections to each remote source. */
  readonly connections?: number | undefined;
  readonly onWrongBytes?: ((wrong: WrongBytes) => void) | undefined;
  /** What is known of its sources, and what is found out. */
  readonly mirrors?: MirrorRecords | undefined;
  /** What need not be asked of the sources. */
  readonly parts?: KnownParts | undefined;
}

/**
 * Whether an address names the disk of a published master: `disk.raw` in a folder named by a hash. The name decides,
 * never what the folder holds: who takes a description away cannot make anybody read the disk unverified.
 */
export function namesPublishedDisk(location: string): boolean {
  return isRemote(location) && /\/[0-9a-f]{64}\/disk\.raw$/.test(location);
}

/** The layer that a published master is in a chain. */
export function publishedLayer(published: PublishedMaster): ImageChain {
  const [first = ''] = published.sources;
  const location = isRemote(first)
    ? first.replace(/\/*$/, '/') + MASTER_FILES.disk
    : path.join(localPath(first), MASTER_FILES.disk);
  return { location, format: 'raw', backing: null, published };
}

/** Opens the disk of a published master; see {@link VerifiedDevice.open}. */
export async function openPublished(
  { description, sources }: PublishedMaster,
  { clock, connections, onWrongBytes, mirrors, parts }: PublishedOptions,
): Promise<Result<VerifiedDevice>> {
  const made = masterSources(sources, { clock, connections });
  if (!made.ok) return made;
  return VerifiedDevice.open(description, made.value, {
    clock,
    random: Math.random,
    connections,
    onWrongBytes,
    records: mirrors,
    parts,
  });
}

/** Ways to read from the folders named; `invalid-argument` where a name makes no sense. */
export function masterSources(
  names: readonly string[],
  options: { readonly clock: Clock; readonly connections?: number | undefined },
): Result<MasterSource[]> {
  const noProgressTimeoutMs = names.length > 1 ? IMPATIENT_MS : undefined;
  const sources: MasterSource[] = [];
  for (const name of names) {
    const source = isRemote(name)
      ? httpSource(name, { ...options, noProgressTimeoutMs })
      : ok(folderSource(localPath(name)));
    if (!source.ok) return source;
    sources.push(source.value);
  }
  return ok(sources);
}

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import { SECTOR_BYTES, TIB, alignUp } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { ChunkHashWriter } from '../../block/manifest/build.ts';
import { ManifestLayout } from '../../block/manifest/layout.ts';
import { NodeFile } from '../../block/node-file.ts';
import { syncFolder } from '../../block/whole-file.ts';
import { layersOf, type ImageChain } from '../../storage/chain/image-chain.ts';
import { findPublished } from '../../storage/chain/master-description.ts';
import { identityOf, isRemote, localPath } from '../../storage/chain/location.ts';
import { openChain } from '../../storage/chain/open.ts';
import { lockImage } from '../../storage/lock/image-lock.ts';
import { copyAndHash, type CopyWatch } from './copy-and-hash.ts';
import { folderOfMaster, writeDescription } from './master-folder.ts';

export interface PublishRequest {
  /** The disk, with what lies behind it. */
  readonly source: ImageChain;
  /** The folder to be served; the master goes to `masters/<sha256>/` in it. */
  readonly out: string;
}

export interface PublishedFolder {
  readonly folder: string;
  readonly description: MasterDescription;
  /** The very master was there already. */
  readonly existed: boolean;
}

export interface PublishContext extends CopyWatch {
  readonly clock: Clock;
}

/** The longest disk that a QED overlay of the usual geometry can lie on. */
const MOST_BYTES = 64 * TIB;

/**
 * Copies a disk to where it can be served from, sparsely, and writes the hashes its readers need. The same content
 * gives the same bytes. Killed at any point it leaves a draft: the next attempt copies only what the draft lacks, and
 * the master appears under its name when it is complete.
 *
 * Fails with `busy` when the disk changed meanwhile, or is being published by somebody else.
 */
export async function publishMaster(
  request: PublishRequest,
  context: PublishContext,
): Promise<Result<PublishedFolder>> {
  const before = marksOf(request.source);
  const source = await openChain(request.source, { clock: context.clock, readOnly: true });
  if (!source.ok) return source;
  try {
    const refused = refuse(source.value);
    if (!refused.ok) return refused;
    return await withDraft(request, (draft) => publishFrom(source.value, draft, request, before, context));
  } finally {
    await source.value.close();
  }
}

function refuse({ name, lengthBytes }: BlockDevice): Result<void> {
  if (lengthBytes === 0) return err('invalid-argument', `'${name}' is empty`);
  if (lengthBytes > MOST_BYTES) return err('unsupported', `'${name}' is longer than 64 TiB`);
  return ok(undefined);
}

/** Runs `work` with the draft folder of this disk, which nobody else uses meanwhile. */
async function withDraft<T>(
  { source, out }: PublishRequest,
  work: (draft: string) => Promise<Result<T>>,
): Promise<Result<T>> {
  const name = createHash('sha256').update(identityOf(source.location)).digest('hex').slice(0, 16);
  const draft = folderOfMaster(out, `.publishing-${name}`);
  try {
    fs.mkdirSync(draft, { recursive: true });
  } catch (error) {
    return failureFromSystem(error, `Could not create '${draft}'`);
  }
  const lock = lockImage(draft, 'allowed');
  if (!lock.ok) return because(`'${source.location}' is being published already`, lock);
  try {
    return await work(draft);
  } finally {
    lock.value();
  }
}

async function publishFrom(
  source: BlockDevice,
  draft: string,
  { source: chain, out }: PublishRequest,
  before: readonly string[],
  context: PublishContext,
): Promise<Result<PublishedFolder>> {
  const described = await fillDraft(source, draft, context);
  if (!described.ok) return described;
  if (marksOf(chain).join() !== before.join()) {
    return err(
      'busy',
      `'${chain.location}' changed while it was published; stop what writes to it, and try again`,
    );
  }
  return place(draft, folderOfMaster(out, described.value.sha256), described.value, context.clock);
}

async function fillDraft(
  source: BlockDevice,
  draft: string,
  context: PublishContext,
): Promise<Result<MasterDescription>> {
  const lengthBytes = alignUp(source.lengthBytes, SECTOR_BYTES);
  const layout = new ManifestLayout(lengthBytes);
  const disk = openDraft(path.join(draft, MASTER_FILES.disk));
  if (!disk.ok) return disk;
  const chunks = NodeFile.create(path.join(draft, MASTER_FILES.chunks));
  if (!chunks.ok) {
    await disk.value.close();
    return chunks;
  }
  try {
    const hashes = new ChunkHashWriter(chunks.value, layout);
    const sha256 = await copyAndHash(source, disk.value, lengthBytes, hashes, context);
    if (!sha256.ok) return sha256;
    const root = await hashes.finish(sha256.value);
    if (!root.ok) return root;
    for (const file of [disk.value, chunks.value]) {
      const synced = await file.sync();
      if (!synced.ok) return synced;
    }
    const description: MasterDescription = {
      formatVersion: 1,
      sha256: sha256.value,
      lengthBytes,
      chunkBytes: CHUNK_BYTES,
      chunks: { sha256: root.value, lengthBytes: layout.fileBytes },
    };
    const written = await writeDescription(draft, description);
    return written.ok ? ok(description) : written;
  } finally {
    await disk.value.close();
    await chunks.value.close();
  }
}

/** What an earlier attempt copied is kept. */
function openDraft(file: string): Result<NodeFile> {
  return fs.existsSync(file) ? NodeFile.open(file, { readOnly: false }) : NodeFile.create(file);
}

/** Gives the complete draft its name. */
async function place(
  draft: string,
  folder: string,
  description: MasterDescription,
  clock: Clock,
): Promise<Result<PublishedFolder>> {
  try {
    if (fs.existsSync(folder)) {
      const present = await findPublished(folder, clock);
      if (!present.ok) return because(`'${folder}' is in the way`, present);
      fs.rmSync(draft, { recursive: true });
      return ok({ folder, description: present.value.description, existed: true });
    }
    fs.renameSync(draft, folder);
  } catch (error) {
    return failureFromSystem(error, `Could not put '${folder}' in place`);
  }
  const synced = await syncFolder(path.dirname(folder));
  return synced.ok ? ok({ folder, description, existed: false }) : synced;
}

/** By what a change of the files that a disk consists of is noticed. */
function marksOf(chain: ImageChain): string[] {
  return layersOf(chain).map(({ location }) => {
    if (isRemote(location)) return location;
    const stat = fs.statSync(localPath(location), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'gone' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  });
}

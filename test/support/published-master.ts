/** Masters as a publisher lays them out, in folders that tests serve, spoil and take away. */
import fs from 'node:fs';
import path from 'node:path';
import { MASTER_FILES } from '../../shared/master-files.ts';
import type { PublishedMaster } from '../../shared/master.ts';
import { publishedLayer } from '../../main/storage/chain/published-master.ts';
import { MASTER_BYTES, newImages, qed, type Images } from './disk-workbench.ts';
import { publishInMemory } from './memory-master.ts';
import { serve, type RangeServer } from './served.ts';
import { tempFolder } from './temp-folder.ts';

export interface MirroredImages extends Images {
  readonly published: PublishedMaster;
  /** Folders with the master's files, one for each source. */
  readonly folders: readonly string[];
  readonly servers: readonly RangeServer[];
}

/** An empty overlay over a master that several servers have. */
export async function newMirroredImages(sources = 1): Promise<MirroredImages> {
  const images = await newImages();
  const { description, files } = await publishInMemory(images.content);
  const folders = Array.from({ length: sources }, () => {
    const folder = tempFolder();
    for (const [file, bytes] of Object.entries(files)) fs.writeFileSync(path.join(folder, file), bytes);
    fs.writeFileSync(path.join(folder, MASTER_FILES.description), JSON.stringify(description));
    return folder;
  });
  const servers = await Promise.all(folders.map((folder) => serve(folder)));
  const published = { description, sources: servers.map(({ url }) => url) };
  return { ...images, published, folders, servers, chain: qed(images.overlay, publishedLayer(published)) };
}

/** Changes bytes of a served disk, without a change of its length. */
export function spoil(folder: string, offset: number, length = 1): void {
  const file = path.join(folder, MASTER_FILES.disk);
  const fd = fs.openSync(file, 'r+');
  const bytes = new Uint8Array(length);
  fs.readSync(fd, bytes, 0, length, offset);
  fs.writeSync(
    fd,
    bytes.map((byte) => byte ^ 0x55),
    0,
    length,
    offset,
  );
  fs.closeSync(fd);
}

export { MASTER_BYTES };

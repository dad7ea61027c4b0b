/** A published master with a boot pack, on servers that keep a ledger of what they sent. */
import fs from 'node:fs';
import path from 'node:path';
import { MASTER_FILES } from '../../shared/master-files.ts';
import type { PublishedMaster } from '../../shared/master.ts';
import { unwrap } from '../../shared/result.ts';
import { MemoryDevice } from './memory-device.ts';
import { loadPackIndex } from '../../main/block/pack/load-index.ts';
import type { PackIndex } from '../../main/block/pack/layout.ts';
import { writePack, type WrittenPack } from '../../main/block/pack/write-pack.ts';
import type { Range } from '../../main/block/range.ts';
import { publishedLayer } from '../../main/storage/chain/published-master.ts';
import type { RangeServerOptions } from '../../main/serve/range-server.ts';
import { MASTER_BYTES, newImages, qed, type Images } from './disk-workbench.ts';
import { FetchLedger } from './fetch-ledger.ts';
import { MemoryFile } from './memory-file.ts';
import { publishInMemory } from './memory-master.ts';
import { serve, type RangeServer } from './served.ts';
import { SparseBytes } from './sparse-bytes.ts';
import { tempFolder } from './temp-folder.ts';

export interface PackedImages extends Images {
  readonly published: PublishedMaster;
  readonly folders: readonly string[];
  readonly servers: readonly RangeServer[];
  readonly pack: Uint8Array;
  readonly index: PackIndex;
  /** What all servers together sent of the disk, and of the pack. */
  readonly sent: { readonly disk: FetchLedger; readonly pack: FetchLedger };
}

export interface PackedOptions {
  readonly sources?: number;
  readonly link?: RangeServerOptions['link'];
  /** What the pack is made of; the disk unless given. */
  readonly packed?: Uint8Array;
  /** Told of each range of the pack that is asked for; a single byte asks for the length. */
  readonly onPackRequest?: (range: Range) => void;
}

/** @param ranges what the pack holds, in whole sectors */
export async function newPackedImages(
  ranges: readonly Range[],
  { sources = 1, link, packed, onPackRequest }: PackedOptions = {},
): Promise<PackedImages> {
  const images = await newImages();
  const { description, files } = await publishInMemory(images.content);
  const { bytes, written } = await packOf(packed ?? images.content, description.sha256, ranges);
  const { index } = unwrap(
    await loadPackIndex(description, written, async (offset, length) => ({
      ok: true,
      value: Buffer.from(bytes.subarray(offset, offset + length)),
    })),
  );
  const described = { ...description, bootPack: written };
  const sent = { disk: new FetchLedger(MASTER_BYTES), pack: new FetchLedger(bytes.length) };
  const folders = Array.from({ length: sources }, () => {
    const folder = tempFolder();
    for (const [file, content] of Object.entries({ ...files, [MASTER_FILES.bootPack]: bytes })) {
      fs.writeFileSync(path.join(folder, file), content);
    }
    return folder;
  });
  const servers = await Promise.all(
    folders.map((folder) =>
      serve(folder, {
        link,
        onRequest: (answered) => {
          if (answered.path.endsWith(MASTER_FILES.disk)) sent.disk.note(answered);
          if (!answered.path.endsWith(MASTER_FILES.bootPack)) return;
          sent.pack.note(answered);
          if (answered.range !== null && answered.range.length > 1) onPackRequest?.(answered.range);
        },
      }),
    ),
  );
  const published = { description: described, sources: servers.map(({ url }) => url) };
  const chain = qed(images.overlay, publishedLayer(published));
  return { ...images, published, folders, servers, pack: bytes, index, sent, chain };
}

export async function packOf(
  disk: Uint8Array,
  diskSha256: string,
  ranges: readonly Range[],
): Promise<{ bytes: Uint8Array; written: WrittenPack }> {
  const content = new SparseBytes();
  const written = unwrap(await writePack(MemoryDevice.of(disk), diskSha256, ranges, new MemoryFile(content)));
  return { bytes: content.toBytes(), written };
}

/** A copy of a served master, and linked overlays that other threads read through the copy's thread. */
import path from 'node:path';
import { unwrap } from '../../shared/result.ts';
import type { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { DiskSpec } from '../../main/storage/disk/disk-spec.ts';
import type { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import { connect, MASTER_BYTES, openDisk, qed, raw, type Told } from './disk-workbench.ts';
import { FetchLedger } from './fetch-ledger.ts';
import { writeQed, writeRaw } from './image-files.ts';
import { serve, type RangeServer } from './served.ts';
import { tempFolder } from './temp-folder.ts';

export interface Linked {
  readonly overlay: string;
  readonly disk: DiskThread;
  readonly told: Told;
  readonly guest: BlockPortClient;
}

export class SharedCopy {
  readonly folder: string;
  readonly content: Uint8Array;
  readonly ledger = new FetchLedger(MASTER_BYTES);
  readonly server: RangeServer;
  readonly path: string;

  /** @param bytesPerSecond of the line; no limit when left out */
  static async make(bytesPerSecond?: number): Promise<SharedCopy> {
    const folder = tempFolder();
    const master = path.join(folder, 'master.raw');
    const content = writeRaw(master, MASTER_BYTES);
    const link = bytesPerSecond === undefined ? null : { bitsPerSecond: bytesPerSecond * 8, roundTripMs: 0 };
    let ledger: FetchLedger | null = null;
    const server = await serve(master, { link, onRequest: (answered) => ledger?.note(answered) });
    const copy = new SharedCopy(folder, content, server);
    ledger = copy.ledger;
    const backing = { name: server.url, raw: true };
    await writeQed(copy.path, { imageBytes: MASTER_BYTES, backing, copyOnRead: true, stream: true });
    return copy;
  }

  private constructor(folder: string, content: Uint8Array, server: RangeServer) {
    this.folder = folder;
    this.content = content;
    this.server = server;
    this.path = path.join(folder, 'copy.qed');
  }

  open(options: Partial<DiskSpec> = {}): Promise<{ disk: DiskThread; told: Told }> {
    return openDisk(qed(this.path, raw(this.server.url)), { onSourceLost: 'wait', ...options });
  }

  /** A new overlay over the copy, open in a thread that reads it through the copy's. */
  async link(copy: DiskThread, name: string, options: Partial<DiskSpec> = {}): Promise<Linked> {
    await this.make(name);
    return this.reopen(copy, name, options);
  }

  /** A new overlay over the copy, not open. */
  async make(name: string): Promise<void> {
    const overlay = path.join(this.folder, `${name}.qed`);
    await writeQed(overlay, { imageBytes: MASTER_BYTES, backing: { name: 'copy.qed', raw: false } });
  }

  async reopen(copy: DiskThread, name: string, options: Partial<DiskSpec> = {}): Promise<Linked> {
    const overlay = path.join(this.folder, `${name}.qed`);
    const served = unwrap(await copy.connect('read'));
    const { disk, told } = await openDisk(qed(overlay, { ...qed(this.path, null), served }), {
      copyOnRead: 'off',
      onSourceLost: 'wait',
      ...options,
    });
    return { overlay, disk, told, guest: await connect(disk) };
  }

  part(offset: number, length: number): Uint8Array {
    return this.content.subarray(offset, offset + length);
  }
}

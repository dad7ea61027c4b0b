/** Disks in threads of their own, over images in a folder of the running test. */
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { unwrap, type Result } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import type { CreateOptions } from '../../main/qed/create.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import type { DiskEvent } from '../../main/storage/disk/disk-events.ts';
import type { DiskSpec, StreamSpec } from '../../main/storage/disk/disk-spec.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import { writeQed, writeRaw } from './image-files.ts';
import { serve, type RangeServer } from './served.ts';
import { tempFolder } from './temp-folder.ts';

export const MASTER_BYTES = 4 * MIB;
export const CLUSTER_BYTES = 64 * KIB;
export const STREAM: StreamSpec = { jobId: 'stream', speed: 0, onError: 'report' };

export function raw(location: string): ImageChain {
  return { location, format: 'raw', backing: null };
}

export function qed(location: string, backing: ImageChain | null): ImageChain & { format: 'qed' } {
  return { location, format: 'qed', backing };
}

export function specOf(chain: ImageChain, options: Partial<DiskSpec> = {}): DiskSpec {
  return { chain, readOnly: false, copyOnRead: 'on', onSourceLost: 'report', ...options };
}

/** What a disk told, and waiting for what it will tell. */
export class Told {
  readonly events: DiskEvent[] = [];
  #look: () => void = () => {};

  readonly listen = (event: DiskEvent): void => {
    this.events.push(event);
    this.#look();
  };

  /** The first event that `wanted` accepts, told already or not yet. */
  until(wanted: (event: DiskEvent) => boolean): Promise<DiskEvent> {
    return new Promise((resolve) => {
      this.#look = () => {
        const found = this.events.find(wanted);
        if (found !== undefined) resolve(found);
      };
      this.#look();
    });
  }

  job(name: string): Promise<DiskEvent> {
    return this.until((event) => event.kind === 'job' && event.event.event === name);
  }

  status(status: string): Promise<DiskEvent> {
    return this.until(
      ({ kind, ...told }) =>
        kind === 'job' &&
        'event' in told &&
        told.event.event === 'JOB_STATUS_CHANGE' &&
        told.event.data.status === status,
    );
  }

  get jobEvents(): string[] {
    return this.events.flatMap((event) => {
      if (event.kind !== 'job') return [];
      const { event: name, data } = event.event;
      return [name === 'JOB_STATUS_CHANGE' ? data.status : name];
    });
  }
}

/** A master, served or not, and an empty overlay on it. */
export interface Images {
  readonly folder: string;
  readonly master: string;
  readonly content: Uint8Array;
  readonly overlay: string;
  readonly chain: ImageChain;
}

export async function newImages(options: Partial<CreateOptions> = {}): Promise<Images> {
  const folder = tempFolder();
  const master = path.join(folder, 'master.raw');
  const overlay = path.join(folder, 'overlay.qed');
  const content = writeRaw(master, MASTER_BYTES);
  await writeQed(overlay, {
    imageBytes: MASTER_BYTES,
    backing: { name: 'master.raw', raw: true },
    ...options,
  });
  return { folder, master, content, overlay, chain: qed(overlay, raw(master)) };
}

export interface ServedImages extends Images {
  readonly server: RangeServer;
}

/** @param link bytes per second of the line; no limit when left out */
export async function newServedImages(bytesPerSecond?: number): Promise<ServedImages> {
  const images = await newImages();
  const link = bytesPerSecond === undefined ? null : { bitsPerSecond: bytesPerSecond * 8, roundTripMs: 0 };
  const server = await serve(images.master, { link });
  return { ...images, server, chain: qed(images.overlay, raw(server.url)) };
}

/** Opens a disk, which is closed with the running test if not before. */
export async function openDisk(
  chain: ImageChain,
  options: Partial<DiskSpec> = {},
): Promise<{ disk: DiskThread; told: Told }> {
  const told = new Told();
  const disk = unwrap(await DiskThread.open(specOf(chain, options), told.listen));
  onTestFinished(async () => {
    await disk.close();
  });
  return { disk, told };
}

export async function connect(disk: DiskThread): Promise<BlockPortClient> {
  return unwrap(await BlockPortClient.connect(unwrap(await disk.connect())));
}

export async function contentOf(disk: DiskThread): Promise<Uint8Array> {
  const device = await connect(disk);
  const content = unwrap(await device.readOwned(0, device.lengthBytes));
  unwrap(await device.close());
  return content;
}

/** Opens a disk without its sources and reads all of it. */
export async function contentWithoutSource(overlay: string): Promise<Uint8Array> {
  const disk = unwrap(await DiskThread.open(specOf(qed(overlay, null), { readOnly: true })));
  const content = await contentOf(disk);
  unwrap(await disk.close());
  return content;
}

/** Where two contents differ first, in bytes; null when they are the same. Quick, also for megabytes. */
export function firstDifference(actual: Uint8Array, expected: Uint8Array): number | null {
  if (Buffer.compare(actual, expected) === 0) return null;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  return at < 0 ? actual.length : at;
}

export function failureOf(result: Result<unknown>) {
  return result.ok ? null : result.failure;
}

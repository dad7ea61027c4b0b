import type { MessagePort } from 'node:worker_threads';
import type { Priority } from '../../shared/ipc/machines.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Master } from '../catalog/tables/masters.ts';
import type { DiskSpec } from '../storage/disk/disk-spec.ts';
import type { Shares, ShareSlot } from '../streaming/limits/fair-share.ts';
import { linkToCopy, type CopyLink } from './copy-link.ts';
import type { DiskRows } from './disk-rows.ts';
import type { BackingServer } from './overlay-readers.ts';
import { withNodeNames } from '../storage/chain/image-chain.ts';
import { deviceNameOf, diskChain } from './overlay-chain.ts';

export interface DiskResourceParts {
  readonly globalLimit: SharedArrayBuffer;
  /** Parts of that limit. */
  readonly shares: Shares;
  readonly connections: () => number;
  /** The disk that is a copy; null when there is none. */
  readonly copies: (id: string) => BackingServer | null;
}

/** What a disk has of what is common to all while it is open: its part of the limit, the copy it lies on. */
export class DiskResources {
  readonly #parts: DiskResourceParts;
  readonly #renewed: (copy: Master, port: MessagePort) => void;
  #share: ShareSlot | null = null;
  #link: CopyLink | null = null;

  /** @param renewed told when a copy's thread has died: the layer is to be read through this port from now on */
  constructor(parts: DiskResourceParts, renewed: (copy: Master, port: MessagePort) => void) {
    this.#parts = parts;
    this.#renewed = renewed;
  }

  /** @returns how the disk is to be opened. The caller must call {@link giveBack}, whatever comes of it */
  async take({ row, stream, masters, boot }: DiskRows): Promise<Result<DiskSpec>> {
    const { connections, globalLimit, shares, copies } = this.#parts;
    const link = await linkToCopy(masters, copies, this.#renewed);
    if (!link.ok) return link;
    this.#link = link.value;
    const spec: DiskSpec = {
      chain: withNodeNames(diskChain(row.path, masters, link.value?.served), `${deviceNameOf(row.id)}-`),
      deviceName: deviceNameOf(row.id),
      readOnly: false,
      copyOnRead: row.kind === 'standalone' ? 'on' : 'off',
      onSourceLost: 'wait',
      connections: connections(),
      bootProfile: boot?.ranges,
    };
    // What comes from a copy was paid for when the copy got it.
    if (link.value !== null) return ok(spec);
    this.#share = shares.take(stream.priority);
    return ok({ ...spec, globalLimit, share: this.#share ?? undefined });
  }

  setPriority(priority: Priority): void {
    if (this.#share !== null) this.#parts.shares.setPriority(this.#share, priority);
  }

  giveBack(): void {
    if (this.#share !== null) this.#parts.shares.giveBack(this.#share);
    this.#link?.giveBack();
    this.#share = null;
    this.#link = null;
  }
}

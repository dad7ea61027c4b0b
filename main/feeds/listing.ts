import type { ApplianceDescription } from '../../shared/appliance.ts';
import type { MasterDescription } from '../../shared/master.ts';
import type { Result } from '../../shared/result.ts';
import type { WholeImage } from '../storage/download/fetch-image.ts';
import type { FeedRow } from '../catalog/tables/feeds.ts';
import type { FetchParts } from './fetch/document.ts';
import type { WorkSlices } from '../../shared/work-slices.ts';

/** A master that machines can be started from at once. */
export interface ListedMaster {
  readonly kind: 'master';
  readonly description: MasterDescription;
  /** Folders it lies in, as addresses or paths, the best first. */
  readonly sources: readonly string[];
}

/** An image that has to be fetched whole, and checked, before a machine can use it. */
export interface ListedImage extends WholeImage {
  readonly kind: 'image';
  /** Of what it is unpacked. */
  readonly format: 'raw' | 'qcow2';
}

/** An appliance as its list describes it. `description.id` is the list's own. */
export interface ListedAppliance {
  readonly description: ApplianceDescription;
  readonly content: ListedMaster | ListedImage;
}

/** An appliance whose master machines can be started from at once. */
export type ReadyAppliance = ListedAppliance & { readonly content: ListedMaster };

/** An appliance whose image has to be fetched first. */
export type ImageAppliance = ListedAppliance & { readonly content: ListedImage };

export function isImage(listed: ListedAppliance): listed is ImageAppliance {
  return listed.content.kind === 'image';
}

export function isReady(listed: ListedAppliance): listed is ReadyAppliance {
  return listed.content.kind === 'master';
}

/** A list of appliances, whoever made it and in whatever format. */
export interface Listing {
  /** What it calls itself. */
  readonly feedId: string;
  readonly name: string;
  /** What it is signed with; null when it is not. */
  readonly key: string | null;
  /** Grows with every issue; 0 for lists without numbers. */
  readonly serial: number;
  readonly issuedMs: number;
  /** Null when it does not say. */
  readonly expiresMs: number | null;
  readonly appliances: readonly ListedAppliance[];
  /** Entries left out because this version of Headwater cannot read or use them. */
  readonly unreadable: number;
}

/** A list byte for byte as it came. */
export interface FeedCopy {
  readonly document: Uint8Array;
  /** Null for formats that have none. */
  readonly signature: string | null;
}

/** What is known of a list from before. */
export interface Known {
  readonly feedId: string;
  readonly key: string | null;
  readonly serial: number;
  /** Null when the copy was lost. */
  readonly copy: FeedCopy | null;
}

export type FetchedCopy =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'whole'; readonly copy: FeedCopy; readonly etag: string | null };

/** One way to publish lists of appliances. */
export interface ListFormat {
  readonly kind: FeedRow['kind'];
  /** Fetches the list, unless what lies there still has the tag that is known. */
  fetch(location: string, etag: string | null, parts: FetchParts): Promise<Result<FetchedCopy>>;
  /** Reads a copy, checking all that stands in it, but not whether it is the newest. */
  read(copy: FeedCopy, location: string, slices: WorkSlices): Promise<Result<Listing>>;
  /**
   * Reads a copy that may take the place of what is known, null for a list that is new. Fails with `untrusted` when it
   * may not.
   */
  judge(
    copy: FeedCopy,
    location: string,
    known: Known | null,
    nowMs: number,
    slices: WorkSlices,
  ): Promise<Result<Listing>>;
}

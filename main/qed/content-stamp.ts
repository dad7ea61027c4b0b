/**
 * The content stamp: a random name for what a guest sees on the disk at one moment. A saved state of a machine names the
 * stamp of the disk it belongs to, and fits as long as the image carries it.
 *
 * It lies in the last 16 bytes of the header clusters and counts while the autoclear feature `CONTENT_STAMP` is set. A
 * program that does not know the feature clears it before it writes (qed_spec, "autoclear_features"); whoever knows it
 * clears it before the first change that a guest could see. Streaming and copy-on-read change nothing a guest sees.
 */
import { err, ok, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { AUTOCLEAR_FEATURE, HEADER_BYTES } from './format.ts';
import { hasBackingFile, type Header } from './header.ts';

/** 32 lower-case hexadecimal digits. */
export type ContentStamp = string;

export const CONTENT_STAMP_BYTES = 16;
const PATTERN = /^[0-9a-f]{32}$/;

export function isContentStamp(text: string): boolean {
  return PATTERN.test(text);
}

/** Whether the header says that its image carries a stamp. */
export function isStamped(header: Header): boolean {
  return (header.autoclearFeatures & AUTOCLEAR_FEATURE.CONTENT_STAMP) !== 0n;
}

/** The header with or without the mark that its stamp counts. */
export function markStamped(header: Header, stamped: boolean): Pick<Header, 'autoclearFeatures'> {
  const others = header.autoclearFeatures & ~AUTOCLEAR_FEATURE.CONTENT_STAMP;
  return { autoclearFeatures: stamped ? others | AUTOCLEAR_FEATURE.CONTENT_STAMP : others };
}

/** Reads the stamp of a header that was checked; null where there is none. */
export async function readContentStamp(
  file: BlockFile,
  header: Header,
): Promise<Result<ContentStamp | null>> {
  // Without room for it, the mark was set by a program that means something else by it.
  if (!isStamped(header) || !hasRoom(header)) return ok(null);
  const bytes = new Uint8Array(CONTENT_STAMP_BYTES);
  const read = await file.read(placeOf(header), bytes);
  return read.ok ? ok(Buffer.from(bytes).toString('hex')) : read;
}

/** Stores the bytes of a stamp; it counts once the header is marked. Fails with `no-space` beside a long backing name. */
export async function writeContentStamp(
  file: BlockFile,
  header: Header,
  stamp: ContentStamp,
): Promise<Result<void>> {
  if (!hasRoom(header)) {
    return err('no-space', `'${file.path}': its backing file name leaves no room for a content stamp`);
  }
  return file.write(placeOf(header), encodeContentStamp(stamp));
}

export function encodeContentStamp(stamp: ContentStamp): Uint8Array {
  if (!isContentStamp(stamp)) throw new Error(`'${stamp}' is no content stamp`);
  return Uint8Array.from(Buffer.from(stamp, 'hex'));
}

/** Where in the file the stamp lies, in bytes. */
export function placeOf({ headerClusters, clusterBytes }: Header): number {
  return headerClusters * clusterBytes - CONTENT_STAMP_BYTES;
}

function hasRoom(header: Header): boolean {
  const nameEnd = hasBackingFile(header) ? header.backingNameOffset + header.backingNameBytes : HEADER_BYTES;
  return nameEnd <= placeOf(header);
}

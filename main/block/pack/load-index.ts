import type { MasterDescription } from '../../../shared/master.ts';
import { err, type Result } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { sha256 } from '../manifest/digest.ts';
import { headLengthOf, parseHead, PACK_HEADER_BYTES, type PackIndex } from './layout.ts';

/** The heads of most packs are shorter, and come with one read. */
const FIRST_READ_BYTES = 64 * KIB;

/** What a description says of the pack that belongs to it. */
export type PackDescription = NonNullable<MasterDescription['bootPack']>;

/**
 * Reads and verifies the head of the pack of a master.
 * @param read brings exactly the bytes asked for; they are not believed
 * @returns the index, and the head as it is stored; `malformed` where it is not what the description says
 */
export async function loadPackIndex(
  { sha256: diskSha256, lengthBytes: diskBytes }: Pick<MasterDescription, 'sha256' | 'lengthBytes'>,
  pack: PackDescription,
  read: (offset: number, length: number) => Promise<Result<Buffer>>,
): Promise<Result<{ readonly index: PackIndex; readonly head: Buffer }>> {
  if (pack.lengthBytes <= PACK_HEADER_BYTES) return wrong('it is too short');
  const first = await read(0, Math.min(FIRST_READ_BYTES, pack.lengthBytes));
  if (!first.ok) return first;
  const headBytes = headLengthOf(first.value);
  if (!headBytes.ok) return headBytes;
  if (headBytes.value >= pack.lengthBytes) return wrong('its head is longer than all of it');
  const missing = headBytes.value - first.value.length;
  const rest = missing > 0 ? await read(first.value.length, missing) : null;
  if (rest !== null && !rest.ok) return rest;
  const head = Buffer.concat([first.value, ...(rest === null ? [] : [rest.value])]).subarray(
    0,
    headBytes.value,
  );
  if (sha256(head).toString('hex') !== pack.sha256) return wrong('its head has another SHA-256');
  const index = parseHead(head, diskBytes);
  if (!index.ok) return index;
  const { disk, fileBytes, contentBytes } = index.value;
  if (disk !== diskSha256) return wrong('it is that of another disk');
  if (fileBytes !== pack.lengthBytes) return wrong(`it should be ${fileBytes} bytes long`);
  if (contentBytes !== pack.uncompressedBytes) return wrong(`it holds ${contentBytes} bytes`);
  return { ok: true, value: { index: index.value, head } };
}

function wrong(how: string) {
  return err('malformed', `the boot pack is not the one described: ${how}`);
}

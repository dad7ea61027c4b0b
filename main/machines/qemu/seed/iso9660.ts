/**
 * A file system with a handful of small files in its root folder: ISO 9660 (ECMA-119), interchange level 2, without the
 * extensions that nobody needs here. Every guest can read it without being told what it is.
 */

const SECTOR_BYTES = 2048;
/** The first 16 sectors belong to the system that boots from it: here to nobody (ECMA-119 §6.2.1). */
const DESCRIPTOR_SECTOR = 16;
const TERMINATOR_SECTOR = 17;
const LITTLE_PATHS_SECTOR = 18;
const BIG_PATHS_SECTOR = 19;
const ROOT_SECTOR = 20;
const FIRST_FILE_SECTOR = 21;
/** Of a path table that knows the root folder alone. */
const PATHS_BYTES = 10;
const FOLDER_FLAG = 2;
const ROOT_NAME = '\0';
const PARENT_NAME = '\x01';

export interface IsoFile {
  /** Letters, digits, `-` and `_`; guests see them in small letters. */
  readonly name: string;
  readonly content: string;
}

/** @param label up to 32 capital letters, digits and `_` @param files few enough for one sector of names */
export function isoImage(label: string, files: readonly IsoFile[]): Buffer {
  const placed = place(files);
  const end = placed.at(-1)?.end ?? FIRST_FILE_SECTOR;
  const image = Buffer.alloc(end * SECTOR_BYTES);
  const sector = (index: number) => image.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
  writeDescriptor(sector(DESCRIPTOR_SECTOR), label, end);
  sector(TERMINATOR_SECTOR).write('\xffCD001\x01', 'latin1');
  writePaths(sector(LITTLE_PATHS_SECTOR), 'little');
  writePaths(sector(BIG_PATHS_SECTOR), 'big');
  writeRoot(sector(ROOT_SECTOR), placed);
  for (const { start, bytes } of placed) bytes.copy(image, start * SECTOR_BYTES);
  return image;
}

interface PlacedFile {
  readonly identifier: string;
  readonly bytes: Buffer;
  /** Sectors, without the last. */
  readonly start: number;
  readonly end: number;
}

/** One behind the other, in the order that folders must have (§9.3). */
function place(files: readonly IsoFile[]): PlacedFile[] {
  let next = FIRST_FILE_SECTOR;
  return files
    .map(({ name, content }) => ({ identifier: `${name.toUpperCase()}.;1`, bytes: Buffer.from(content) }))
    .sort((one, other) => (one.identifier < other.identifier ? -1 : 1))
    .map(({ identifier, bytes }) => {
      const start = next;
      next += Math.max(1, Math.ceil(bytes.length / SECTOR_BYTES));
      return { identifier, bytes, start, end: next };
    });
}

/** The primary volume descriptor (§8.4). */
function writeDescriptor(sector: Buffer, label: string, sectors: number): void {
  sector.write('\x01CD001\x01', 'latin1');
  // Names of systems, people and files that there are none of.
  sector.fill(' ', 8, 72).fill(' ', 190, 813);
  sector.write(label.slice(0, 32), 40, 'latin1');
  writeBoth32(sector, 80, sectors);
  for (const offset of [120, 124]) writeBoth16(sector, offset, 1);
  writeBoth16(sector, 128, SECTOR_BYTES);
  writeBoth32(sector, 132, PATHS_BYTES);
  sector.writeUInt32LE(LITTLE_PATHS_SECTOR, 140);
  sector.writeUInt32BE(BIG_PATHS_SECTOR, 148);
  writeRecord(sector, 156, ROOT_NAME, ROOT_SECTOR, SECTOR_BYTES, FOLDER_FLAG);
  // Moments that are not said (§8.4.26.1).
  for (const offset of [813, 830, 847, 864]) sector.fill('0', offset, offset + 16);
  sector[881] = 1;
}

/** A path table with the root folder (§9.4). */
function writePaths(sector: Buffer, order: 'little' | 'big'): void {
  sector[0] = ROOT_NAME.length;
  if (order === 'little') {
    sector.writeUInt32LE(ROOT_SECTOR, 2);
    sector.writeUInt16LE(1, 6);
  } else {
    sector.writeUInt32BE(ROOT_SECTOR, 2);
    sector.writeUInt16BE(1, 6);
  }
}

function writeRoot(sector: Buffer, files: readonly PlacedFile[]): void {
  let at = writeRecord(sector, 0, ROOT_NAME, ROOT_SECTOR, SECTOR_BYTES, FOLDER_FLAG);
  at = writeRecord(sector, at, PARENT_NAME, ROOT_SECTOR, SECTOR_BYTES, FOLDER_FLAG);
  for (const { identifier, start, bytes } of files) {
    at = writeRecord(sector, at, identifier, start, bytes.length, 0);
  }
}

/** An entry of a folder (§9.1). @returns where the next one goes */
function writeRecord(
  target: Buffer,
  offset: number,
  identifier: string,
  sector: number,
  lengthBytes: number,
  flags: number,
): number {
  const recordBytes = 33 + identifier.length + (identifier.length % 2 === 0 ? 1 : 0);
  target[offset] = recordBytes;
  writeBoth32(target, offset + 2, sector);
  writeBoth32(target, offset + 10, lengthBytes);
  target[offset + 25] = flags;
  writeBoth16(target, offset + 28, 1);
  target[offset + 32] = identifier.length;
  target.write(identifier, offset + 33, 'latin1');
  return offset + recordBytes;
}

/** In both orders, one behind the other (§7.2.3, §7.3.3). */
function writeBoth16(target: Buffer, offset: number, value: number): void {
  target.writeUInt16LE(value, offset);
  target.writeUInt16BE(value, offset + 2);
}

function writeBoth32(target: Buffer, offset: number, value: number): void {
  target.writeUInt32LE(value, offset);
  target.writeUInt32BE(value, offset + 4);
}

import fs from 'node:fs';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { IMAGE_FORMATS, isRemote, localPath, type ImageFormat } from '../../../storage/chain/location.ts';

/** Endings of image files that other programs make. */
const FOREIGN = ['qcow2', 'qcow', 'vmdk', 'vdi', 'vhd', 'vhdx'];

const MAGIC = Buffer.from('QED\0', 'latin1');

export interface FormatChoice {
  readonly format: ImageFormat;
  /** What the user should know about the choice. */
  readonly note?: string;
}

/**
 * Which driver opens an image. With `-f` the user says. Without, an image is QED only when its *name* ends in `.qed`
 * and it begins with QED's magic; everything else is raw.
 *
 * QEMU probes the content alone. That is dangerous: a guest can write a QED header with a backing file name of its
 * choice to its raw disk, and whoever opens the disk next follows that name. Here a content can only ever turn QED
 * into raw, which follows nothing. Where QEMU would have found QED under another name, a note says how to get it.
 */
export function chooseFormat(location: string, given: string | undefined): Result<FormatChoice> {
  if (given !== undefined) {
    const format = IMAGE_FORMATS.find((known) => known === given);
    return format ? ok({ format }) : err('unsupported', `Unknown driver '${given}'`);
  }
  if (isRemote(location)) return ok({ format: namedQed(new URL(location).pathname) ? 'qed' : 'raw' });
  const path = localPath(location);
  if (!hasMagic(path)) return ok({ format: 'raw', ...noteOf(foreignNote(path)) });
  if (namedQed(path)) return ok({ format: 'qed' });
  const note =
    `'${path}' begins like a QED image, but its name does not end in .qed: it is taken as raw. ` +
    `If it is your own QED image, say -f qed`;
  return ok({ format: 'raw', note });
}

/** What is called like an image of another program is hardly a raw one: what would be read is its headers. */
function foreignNote(path: string): string | null {
  const ending = FOREIGN.find((word) => path.toLowerCase().endsWith(`.${word}`));
  if (ending === undefined) return null;
  return (
    `'${path}' is taken as raw, whatever is in it: formats are not guessed, and ${ending} is not read here. ` +
    `Convert it with 'qemu-img convert -O qed', or say -f raw`
  );
}

function noteOf(note: string | null): Pick<FormatChoice, 'note'> {
  return note === null ? {} : { note };
}

function namedQed(name: string): boolean {
  return name.toLowerCase().endsWith('.qed');
}

/** False also when the file cannot be read: opening it will say why. */
function hasMagic(path: string): boolean {
  let fd: number;
  try {
    if (!fs.statSync(path).isFile()) return false;
    fd = fs.openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(MAGIC.length);
    return fs.readSync(fd, start, 0, start.length, 0) === start.length && start.equals(MAGIC);
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}

import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import {
  masterDescriptionSchema,
  type MasterDescription,
  type PublishedMaster,
} from '../../../shared/master.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { openHttpDevice } from '../../block/http/http-device.ts';
import { readSmallFile } from '../../block/small-file.ts';
import { isRemote, localPath } from './location.ts';

/** A description takes about a kilobyte; more is none. */
const MOST_BYTES = 64 * KIB;
const NAMED_BY_HASH = /[/\\]([0-9a-f]{64})[/\\]*$/;

/** Reads what a `master.json` says, wherever it came from. @param name for messages */
export function parseDescription(name: string, text: string): Result<MasterDescription> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err('malformed', `'${name}' is not JSON`);
  }
  const parsed = masterDescriptionSchema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const problem = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  return err('malformed', `'${name}' does not describe a master: ${problem}`);
}

/**
 * The master at a location: its folder, or the `master.json` or `disk.raw` in it, as an address or a path. Its
 * description is believed as it stands there, which is as much trust as reading a disk from there without one: for
 * commands that a person runs. Feeds vouch for descriptions by a signature.
 *
 * Fails with `malformed` where the folder is named by a hash and holds another master.
 */
export async function findPublished(location: string, clock: Clock): Promise<Result<PublishedMaster>> {
  const folder = folderOf(location);
  const text = isRemote(folder) ? await fetchText(folder, clock) : readText(folder);
  if (!text.ok) return text;
  const description = parseDescription(nameIn(folder), text.value);
  if (!description.ok) return description;
  const named = NAMED_BY_HASH.exec(folder)?.[1];
  if (named !== undefined && named !== description.value.sha256) {
    return err('malformed', `'${nameIn(folder)}' describes another master than its folder is named by`);
  }
  return ok({ description: description.value, sources: [folder] });
}

/** The folder of a master, however it was named: with a slash at the end where it is an address. */
function folderOf(location: string): string {
  const file = /[/\\](?:master\.json|disk\.raw)$/.exec(location);
  const folder = file === null ? location : location.slice(0, file.index + 1);
  return isRemote(folder) ? folder.replace(/\/*$/, '/') : path.resolve(localPath(folder));
}

function nameIn(folder: string): string {
  return isRemote(folder) ? folder + MASTER_FILES.description : path.join(folder, MASTER_FILES.description);
}

function readText(folder: string): Result<string> {
  const bytes = readSmallFile(nameIn(folder), { mostBytes: MOST_BYTES });
  return bytes.ok ? ok(bytes.value.toString('utf8')) : bytes;
}

async function fetchText(folder: string, clock: Clock): Promise<Result<string>> {
  const device = await openHttpDevice(nameIn(folder), { clock, connections: 1 });
  if (!device.ok) return because('the description of the master cannot be loaded', device);
  const { name, lengthBytes } = device.value;
  try {
    if (lengthBytes > MOST_BYTES) return tooLong(name);
    const bytes = Buffer.alloc(lengthBytes);
    const read = await device.value.read(0, bytes);
    return read.ok ? ok(bytes.toString('utf8')) : read;
  } finally {
    await device.value.close();
  }
}

function tooLong(name: string) {
  return err('malformed', `'${name}' is too long to describe a master`);
}

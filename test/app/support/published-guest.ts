/** A guest published with its saved state, and a feed that lists it, as publishers make them with the command. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { masterDescriptionSchema, type MasterDescription } from '../../../shared/master.ts';
import { consoleGuestDisk } from '../../support/console-guest.ts';
import { aFeed, anEntry, DAY_MS, newKey, publish } from '../../support/feeds.ts';
import { ROOT } from './build.ts';

export const GUEST_MEMORY_MIB = 32;
const run = promisify(execFile);
const COMMAND = path.join(ROOT, 'dist/main/cli/index.js');

export interface PublishedGuest {
  /** To be served: `feed.json`, and the master's files in a folder. */
  readonly site: string;
  readonly state: { readonly file: string; readonly lengthBytes: number };
}

/** @param name of the appliance in the feed */
export async function publishGuest(folder: string, name: string): Promise<PublishedGuest> {
  const site = path.join(folder, 'site');
  mkdirSync(site, { recursive: true });
  const disk = path.join(folder, 'guest.raw');
  writeFileSync(disk, consoleGuestDisk());
  const { master: plain } = described(await headwaterJson('master', 'publish', disk, '--out', site));
  const recorded = await headwaterJson(
    ...['master', 'record-boot', '--state', '--memory', String(GUEST_MEMORY_MIB), '--until', '>'],
    path.join(site, 'masters', plain.sha256),
  );
  const { master } = described(recorded);
  const now = Date.now();
  const key = newKey();
  const entry = anEntry({
    name,
    memoryMiB: GUEST_MEMORY_MIB,
    diskSizeBytes: master.lengthBytes,
    master,
    sources: [`masters/${master.sha256}/`],
  });
  const issued = new Date(now - DAY_MS).toISOString();
  const expires = new Date(now + DAY_MS).toISOString();
  publish(site, aFeed(key, { issued, expires, appliances: [entry] }), key);
  const file = path.join(site, 'masters', master.sha256, 'state.bin');
  return { site, state: { file, lengthBytes: master.state?.lengthBytes ?? 0 } };
}

async function headwaterJson(...args: string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [COMMAND, ...args, '--json']);
  return JSON.parse(stdout);
}

function described(answer: unknown): { readonly master: MasterDescription } {
  const { master } = answer as { master: unknown };
  return { master: masterDescriptionSchema.parse(master) };
}

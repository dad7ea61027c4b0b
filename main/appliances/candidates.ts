import type { MasterDescription, StateDescription } from '../../shared/master.ts';
import { err, type Failure } from '../../shared/result.ts';
import type { Tables } from '../catalog/catalog.ts';
import { isRemote } from '../storage/chain/location.ts';
import { stateOf, type Subscription } from '../feeds/feed-views.ts';
import { applianceIdOf, imageMasterIdOf, type Installed } from '../feeds/install.ts';
import { isImage, type ListedAppliance, type ListedImage } from '../feeds/listing.ts';
import { canUnpack } from '../storage/download/unpack.ts';
import type { Entry } from './appliance-view.ts';
import { cannotUnpack } from './image-installs.ts';

/** An entry with what the catalog has of it. */
export interface Candidate {
  readonly entry: Entry;
  /** Null for what a feed lists and nobody has asked for yet. */
  readonly installed: Installed | null;
  /** Null for what no feed lists. */
  readonly listed: { readonly feedId: string; readonly appliance: ListedAppliance } | null;
}

/** All that candidates are made of. */
export interface Known {
  readonly installed: ReadonlyMap<string, Installed>;
  /** What boots were seen to read, by master. */
  readonly learned: ReadonlyMap<string, number>;
  /** The ids of recipes that are built. */
  readonly built: ReadonlySet<string>;
  readonly subscriptions: readonly Subscription[];
  readonly nowMs: number;
  /** Name and version of the emulator: whose saved states can be used. */
  readonly emulator: string;
}

export function installedOf({ appliances, masters }: Tables): Map<string, Installed> {
  const known = new Map(masters.list().map((master) => [master.id, master]));
  return new Map(
    appliances.list().flatMap((appliance) => {
      const master = known.get(appliance.masterId ?? '');
      return master === undefined ? [] : [[appliance.id, { appliance, master }]];
    }),
  );
}

/** What else is in the catalog, and what feeds list, one by one; recipes that were removed since are left out. */
export function* candidatesOf(known: Known): Generator<Candidate> {
  for (const installed of known.installed.values()) {
    if (!known.subscriptions.some((feed) => listedIn(feed, installed.appliance.id))) {
      yield* unlisted(installed, known);
    }
  }
  for (const feed of known.subscriptions) {
    for (const appliance of feed.listing?.appliances ?? []) yield listed(feed, appliance, known);
  }
}

/** The one of an id, without looking at the others. */
export function candidateOf(id: string, known: Known): Candidate | null {
  for (const feed of known.subscriptions) {
    const appliance = listedIn(feed, id);
    if (appliance !== undefined) return listed(feed, appliance, known);
  }
  const installed = known.installed.get(id);
  const [candidate = null] = installed === undefined ? [] : unlisted(installed, known);
  return candidate;
}

/** Ids of the masters that images on lists would become; null while a list is lost, which may have any of them. */
export function listedImages(subscriptions: readonly Subscription[]): Set<string> | null {
  if (subscriptions.some(({ listing }) => listing === null)) return null;
  return new Set(
    subscriptions.flatMap(({ row, listing }) =>
      (listing?.appliances ?? [])
        .filter(isImage)
        .map((image) => imageMasterIdOf(applianceIdOf(row.id, image), image.content)),
    ),
  );
}

function listedIn({ row, listing }: Subscription, id: string): ListedAppliance | undefined {
  if (!id.startsWith(row.id)) return undefined;
  return listing?.appliances.find((appliance) => applianceIdOf(row.id, appliance) === id);
}

function unlisted(installed: Installed, { built, learned, emulator }: Known): Candidate[] {
  const { appliance, master } = installed;
  if (master.source === 'recipe' && !built.has(appliance.id)) return [];
  const { id, description } = appliance;
  const entry: Entry = {
    id,
    description,
    source: master.source,
    lengthBytes: master.lengthBytes,
    feed: null,
    withdrawn: cameFromFeed(installed),
    obstacle: null,
    download: null,
    // What starts go by here: the publisher's profile once it was fetched, one that was learned until then.
    bootBytes: learned.get(master.id) ?? master.published?.description.bootProfile?.bootBytes ?? null,
    state: usableState(master.published?.description, emulator),
  };
  return [{ entry, installed, listed: null }];
}

function listed({ row }: Subscription, appliance: ListedAppliance, known: Known): Candidate {
  const { description, content } = appliance;
  const id = applianceIdOf(row.id, appliance);
  const installed = known.installed.get(id) ?? null;
  const described = content.kind === 'master' ? content.description : undefined;
  const isFetched = content.kind === 'image' && installed?.master.id === imageMasterIdOf(id, content);
  const entry: Entry = {
    id,
    description,
    source: isFarAway(content) && !isFetched ? 'http' : 'file',
    // A list of images tells how long their files are; how large the disks are is known afterwards.
    lengthBytes: isFetched ? installed.master.lengthBytes : description.diskSizeBytes,
    feed: { id: row.id, name: row.name, signed: row.publicKey !== null, state: stateOf(row, known.nowMs) },
    withdrawn: false,
    obstacle: content.kind === 'image' && installed === null ? obstacleOf(content) : null,
    download: content.kind === 'image' && !isFetched && canUnpack(content.packing) ? content : null,
    bootBytes: known.learned.get(installed?.master.id ?? '') ?? described?.bootProfile?.bootBytes ?? null,
    state: usableState(described, known.emulator),
  };
  return { entry, installed, listed: { feedId: row.id, appliance } };
}

function cameFromFeed({ appliance, master }: Installed): boolean {
  return appliance.id !== master.id && master.source !== 'recipe';
}

function usableState(described: MasterDescription | undefined, emulator: string): StateDescription | null {
  const state = described?.state;
  return state?.emulator === emulator ? state : null;
}

/** Whole images can be read from nobody byte by byte: there are no hashes to verify them by until they are complete. */
function obstacleOf({ packing }: ListedImage): Failure {
  if (!canUnpack(packing)) return cannotUnpack(packing).failure;
  const text =
    'It has to be downloaded, and compared with its checksum as a whole, before it can be started.';
  return err('unsupported', text, { words: ['download-first'] }).failure;
}

function isFarAway(content: ListedAppliance['content']): boolean {
  return content.kind === 'master' ? content.sources.some(isRemote) : isRemote(content.location);
}

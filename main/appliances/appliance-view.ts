import { chooseBackEnd, usableBackEnds, type HasQemu } from '../../shared/back-end.ts';
import type { ApplianceDescription } from '../../shared/appliance.ts';
import type { StateDescription } from '../../shared/master.ts';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { Failure } from '../../shared/result.ts';
import type { WholeImage } from '../storage/download/fetch-image.ts';
import type { Master } from '../catalog/tables/masters.ts';

/** Something that machines can be made from, now or when it was fetched. */
export interface Entry {
  readonly id: string;
  readonly description: ApplianceDescription;
  readonly source: Master['source'];
  /** Of the disk. */
  readonly lengthBytes: number;
  readonly feed: ApplianceView['feed'];
  readonly withdrawn: boolean;
  /** Why no machine can be made from it as it is listed; null where one can. */
  readonly obstacle: Failure | null;
  /** What has to be fetched whole before a machine can be made from what is listed; null where nothing has. */
  readonly download: Pick<WholeImage, 'lengthBytes'> | null;
  /** What a start reads; null while no start was recorded. */
  readonly bootBytes: number | null;
  /** The state that is published with its master, where this program can go on from it. */
  readonly state: StateDescription | null;
}

/** @param problem why its master cannot be reached at present, if so */
export function applianceView(entry: Entry, problem: Failure | null, hasQemu: HasQemu): ApplianceView {
  const { id, description, source, lengthBytes, feed, withdrawn, obstacle, download, bootBytes, state } =
    entry;
  const needs = { ...description, diskBytes: lengthBytes };
  const runs = chooseBackEnd(needs, 'automatic', hasQemu);
  const never = runs.ok ? null : runs.failure;
  const unavailableBecause = problem ?? never ?? obstacle;
  return {
    id,
    name: description.name,
    summary: description.summary,
    publisher: description.publisher,
    version: description.version,
    arch: description.arch,
    licence: description.licence,
    loginHint: description.loginHint ?? null,
    cloudInit: description.cloudInit === true,
    memoryMiB: description.memoryMiB,
    diskBytes: lengthBytes,
    bootBytes,
    instantStart: state && { bytes: state.lengthBytes, memoryMiB: state.memoryMiB },
    source,
    feed,
    withdrawn,
    homepage: description.homepage ?? null,
    icon: description.icon ?? null,
    tags: description.tags ?? [],
    recommended: description.recommended === true,
    downloadBytes: never === null ? (download?.lengthBytes ?? null) : null,
    runsOn: usableBackEnds(needs, hasQemu),
    available: unavailableBecause === null,
    unavailableBecause,
  };
}

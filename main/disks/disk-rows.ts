import type { StreamCommand } from '../../shared/ipc/machines.ts';
import type { Tables } from '../catalog/catalog.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { newStream, type StreamRow } from '../catalog/tables/streams.ts';
import type { BootNeeds, KnownBoots } from './known-boots.ts';
import { mastersBehind } from './overlay-chain.ts';

/** The rows of a disk and of what lies behind it. */
export interface DiskRows {
  readonly row: DiskRow;
  readonly stream: StreamRow;
  /** Topmost first. */
  readonly masters: readonly Master[];
  /** Null while no start was recorded. */
  readonly boot: BootNeeds | null;
  /** Null for the disk of a machine. */
  readonly copy: CopyFacts | null;
}

/** What there is to say of a disk that is the local copy of a master. */
export interface CopyFacts {
  /** Of the master. */
  readonly name: string;
  /** Names of the machines whose disks lie on it. */
  readonly users: readonly string[];
}

/** Null when the catalog has no such disk. */
export function readDiskRows(tables: Tables, boots: KnownBoots, id: string): DiskRows | null {
  const row = tables.disks.find(id);
  if (row === null) return null;
  const masters = mastersBehind(tables, row);
  return {
    row,
    stream: streamOf(tables, id),
    masters,
    boot: boots.of(tables, masters),
    copy: copyFactsOf(tables, id),
  };
}

function copyFactsOf({ masters }: Tables, id: string): CopyFacts | null {
  const master = masters.find(id);
  return master?.role === 'copy' ? { name: master.name, users: masters.neededBy(id) } : null;
}

export function streamOf({ streams }: Tables, id: string): StreamRow {
  return streams.find(id) ?? newStream(id, 'stopped');
}

/** Where the image of a disk lies now; others may lie on it, where it is a copy. */
export function setImagePath({ disks, masters }: Tables, id: string, path: string): void {
  disks.setPath(id, path);
  if (masters.find(id)?.role === 'copy') masters.moved(id, path, null);
}

/** What the user wants of a stream after a command. */
export function afterCommand(stream: StreamRow, command: StreamCommand): StreamRow {
  switch (command) {
    case 'start':
    case 'resume':
    case 'resume-anyway':
      return { ...stream, wanted: 'running', failure: null };
    case 'complete-now':
      return { ...stream, wanted: 'running', failure: null, priority: 'high', limit: 0 };
    case 'pause':
      return { ...stream, wanted: 'paused' };
    case 'cancel':
      return { ...stream, wanted: 'stopped', failure: null };
    case 'retry-now':
      return { ...stream, failure: null };
  }
}

import type { StreamCommand } from '../../../shared/ipc/machines.ts';
import type { Tables } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import { newStream, type StreamRow } from '../../catalog/tables/streams.ts';
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
}

/** Null when the catalog has no such disk. */
export function readDiskRows(tables: Tables, boots: KnownBoots, id: string): DiskRows | null {
  const row = tables.disks.find(id);
  if (row === null) return null;
  const masters = mastersBehind(tables, row);
  return { row, stream: streamOf(tables, id), masters, boot: boots.of(tables, masters) };
}

export function streamOf({ streams }: Tables, id: string): StreamRow {
  return streams.find(id) ?? newStream(id, 'stopped');
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

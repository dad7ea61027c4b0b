import type { StreamCommand } from '../../../shared/ipc/machines.ts';
import type { Tables } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import { newStream, type StreamRow } from '../../catalog/tables/streams.ts';
import { mastersBehind } from './overlay-chain.ts';

/** The rows of a disk and of what lies behind it. */
export interface DiskRows {
  readonly row: DiskRow;
  readonly stream: StreamRow;
  /** Topmost first. */
  readonly masters: readonly Master[];
}

/** Null when the catalog has no such disk. */
export function readDiskRows(tables: Tables, id: string): DiskRows | null {
  const row = tables.disks.find(id);
  if (row === null) return null;
  return { row, stream: streamOf(tables, id), masters: mastersBehind(tables, row) };
}

export function streamOf({ streams }: Tables, id: string): StreamRow {
  return streams.find(id) ?? newStream(id, 'stopped');
}

/** What the user wants of a stream after a command. */
export function afterCommand(stream: StreamRow, command: StreamCommand): StreamRow {
  switch (command) {
    case 'start':
    case 'resume':
      return { ...stream, wanted: 'running', failure: null };
    case 'pause':
      return { ...stream, wanted: 'paused' };
    case 'cancel':
      return { ...stream, wanted: 'stopped', failure: null };
    case 'retry-now':
      return { ...stream, failure: null };
  }
}

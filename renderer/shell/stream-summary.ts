import type { DiskView } from '../../shared/ipc/machines.ts';

export interface StreamSummary {
  readonly streaming: readonly DiskView[];
  readonly paused: readonly DiskView[];
  readonly waiting: readonly DiskView[];
  /** Bytes per second of all together. */
  readonly rate: number;
  /** 0 to 1 over all that is not complete yet; null while there is nothing to sum. */
  readonly share: number | null;
  readonly missingBytes: number;
  /** Disks whose boot set is on its way, and how much of all of those is here, 0 to 1. */
  readonly bootSets: { readonly count: number; readonly share: number };
}

/** All streams in one line. */
export function streamSummary(disks: readonly DiskView[]): StreamSummary {
  const inState = (...states: DiskView['state'][]) => disks.filter(({ state }) => states.includes(state));
  const streaming = inState('streaming');
  const paused = inState('paused').filter(({ heldBy }) => heldBy === null);
  const waiting = inState('waiting-for-source');
  const counted = [...streaming, ...paused, ...waiting].filter(({ localBytes }) => localBytes !== null);
  const total = sum(counted.map(({ lengthBytes }) => lengthBytes));
  const local = sum(counted.map(({ localBytes }) => localBytes ?? 0));
  return {
    streaming,
    paused,
    waiting,
    rate: sum(streaming.map(({ rate }) => rate)),
    share: total === 0 ? null : local / total,
    missingBytes: total - local,
    bootSets: bootSets(disks),
  };
}

function bootSets(disks: readonly DiskView[]): StreamSummary['bootSets'] {
  const packs = disks.flatMap(({ bootPack }) => bootPack ?? []);
  const total = sum(packs.map(({ totalBytes }) => totalBytes));
  return {
    count: packs.length,
    share: total === 0 ? 1 : sum(packs.map(({ hereBytes }) => hereBytes)) / total,
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

import { HISTORY_MS, type RateSample } from '../state/rate-history.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A round number a little above the highest rate: 1, 2 or 5 times a power of ten, in the unit shown. */
export function chartTop(highest: number, bytesPerUnit: number): number {
  const value = Math.max(highest / bytesPerUnit, 0.01) * 1.05;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value) ?? 10;
  return factor * power * bytesPerUnit;
}

/** Samples longer apart than this are not joined by a line: nothing was heard in between. */
const GAP_MS = 5000;

/** Where the samples lie in a box: now at the right edge, five minutes ago at the left. One list per unbroken line. */
export function chartLines(
  samples: readonly RateSample[],
  nowMs: number,
  top: number,
  width: number,
  height: number,
): readonly (readonly Point[])[] {
  const lines: Point[][] = [];
  let lastMs = -Infinity;
  for (const { atMs, rate } of samples) {
    const point = {
      x: (width * (HISTORY_MS - nowMs + atMs)) / HISTORY_MS,
      y: height * (1 - Math.min(1, rate / top)),
    };
    if (atMs - lastMs > GAP_MS) lines.push([]);
    lines.at(-1)?.push(point);
    lastMs = atMs;
  }
  return lines;
}

import type { Size } from './guest-viewer.ts';

/** As large as fits; as it is; or as large as fits in whole steps, which keeps every pixel square and sharp. */
export type Scaling = 'fit' | 'original' | 'whole';
export const SCALINGS: readonly Scaling[] = ['fit', 'original', 'whole'];

/**
 * How large a picture is shown, in CSS pixels.
 * @param pixelRatio device pixels per CSS pixel, which whole steps are steps of
 */
export function pictureSize(guest: Size, room: Size, scaling: Scaling, pixelRatio: number): Size {
  if (guest.width === 0 || guest.height === 0) return room;
  const factor = factorOf(guest, room, scaling, pixelRatio);
  return { width: guest.width * factor, height: guest.height * factor };
}

function factorOf(guest: Size, room: Size, scaling: Scaling, pixelRatio: number): number {
  if (scaling === 'original') return 1;
  const fitting = Math.min(room.width / guest.width, room.height / guest.height);
  if (scaling === 'fit') return fitting;
  const steps = Math.floor(fitting * pixelRatio);
  // A picture larger than the window cannot be shown in whole steps.
  return steps < 1 ? fitting : steps / pixelRatio;
}

const KEPT_AS = 'console.scaling';

/** What the user chose the last time, in whichever console. */
export function keptScaling(): Scaling {
  const kept = localStorage.getItem(KEPT_AS);
  return SCALINGS.find((name) => name === kept) ?? 'fit';
}

export function keepScaling(scaling: Scaling): void {
  localStorage.setItem(KEPT_AS, scaling);
}

import { APP_ORIGIN } from '../origin.ts';

/** The frame a message came from, as Electron tells; null when it is gone already. */
export type SenderFrame = { readonly url: string; readonly parent: unknown } | null;

/** Only the top frame of a window, showing one of our own pages, may ask anything. */
export function isOurPage(frame: SenderFrame): boolean {
  return frame !== null && frame.parent === null && frame.url.startsWith(`${APP_ORIGIN}/`);
}

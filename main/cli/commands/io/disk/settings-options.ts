import { cacheMode } from './cache-mode.ts';
import { aioMode, discardMode, type DiskSettings } from './disk-settings.ts';

/** Applies an option that `open` and the command line share; the words of the error where it makes no sense. */
export function withOption(settings: DiskSettings, letter: string, value: string): DiskSettings | string {
  switch (letter) {
    case 'C':
      return { ...settings, copyOnRead: true };
    case 'd': {
      const discard = discardMode(value);
      return discard === null ? `Invalid discard option: ${value}` : { ...settings, discard };
    }
    case 'i': {
      const nativeAio = aioMode(value);
      return nativeAio === null ? `Invalid aio option: ${value}` : { ...settings, nativeAio };
    }
    case 'k':
      return { ...settings, nativeAio: true };
    case 'n':
      return withOption(settings, 't', 'none');
    case 'r':
      return { ...settings, readOnly: true };
    case 's':
      return { ...settings, snapshot: true };
    case 't': {
      const cache = cacheMode(value);
      return cache === null ? `Invalid cache option: ${value}` : { ...settings, cache };
    }
    case 'U':
      return { ...settings, forceShare: true };
    default:
      return settings;
  }
}

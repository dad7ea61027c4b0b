import { DONE, err, type Result } from '../../../../../shared/result.ts';
import { DEFAULT_CACHE, type CacheMode } from './cache-mode.ts';

/** How an image is to be opened. */
export interface DiskSettings {
  /** A path or an address; null when none was given, which opening reports. */
  readonly location: string | null;
  /** `-f`, unchecked; left out: the name decides. */
  readonly format?: string | undefined;
  readonly readOnly: boolean;
  /** Writes go to a temporary overlay that is gone when the image is closed. */
  readonly snapshot: boolean;
  readonly copyOnRead: boolean;
  readonly cache: CacheMode;
  /** False: discards are answered and not carried out. */
  readonly discard: boolean;
  readonly nativeAio: boolean;
  readonly forceShare: boolean;
}

export const DEFAULT_SETTINGS: DiskSettings = {
  location: null,
  readOnly: false,
  snapshot: false,
  copyOnRead: false,
  cache: DEFAULT_CACHE,
  discard: true,
  nativeAio: false,
  forceShare: false,
};

/** Whether settings go together; the failure uses QEMU's words. */
export function checkSettings(settings: DiskSettings): Result<void> {
  if (settings.location === null) return err('invalid-argument', 'Must specify either driver or file');
  if (settings.forceShare && !settings.readOnly) {
    return err('invalid-argument', 'force-share=on can only be used with read-only images');
  }
  if (settings.copyOnRead && settings.readOnly) {
    return err('invalid-argument', "Can't use copy-on-read on read-only device");
  }
  return checkAio(settings);
}

/** Native AIO exists for uncached files only. Which mechanism serves requests cannot be told from outside here. */
export function checkAio({ nativeAio, cache }: DiskSettings): Result<void> {
  if (!nativeAio || cache.direct) return DONE;
  return err(
    'invalid-argument',
    'aio=native was specified, but it requires cache.direct=on, which was not specified.',
  );
}

/** `-d`: true to discard, false to ignore discards, null for neither. */
export function discardMode(name: string): boolean | null {
  if (name === 'unmap' || name === 'on') return true;
  return name === 'ignore' || name === 'off' ? false : null;
}

/** `-i`: whether the mode is QEMU's native one; null when there is no such mode. */
export function aioMode(name: string): boolean | null {
  return ['threads', 'native', 'io_uring'].includes(name) ? name === 'native' : null;
}

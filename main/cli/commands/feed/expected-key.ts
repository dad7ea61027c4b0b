import { readSmallFile } from '../../../block/small-file.ts';
import { KEY_FILE_BYTES } from '../../../feeds/publish/key-files.ts';
import { parsePublicKey } from '../../../feeds/signature/public-key.ts';

/** A key as it was given: itself, its fingerprint, or the file it is in; null for none. */
export function expectedKey(given: string | undefined): string | null {
  if (given === undefined) return null;
  const file = readSmallFile(given, { mostBytes: KEY_FILE_BYTES });
  // No file of this name, or none that could be one of a key: it is the key itself.
  if (!file.ok) return given;
  const key = parsePublicKey(file.value.toString());
  return key.ok ? key.value.text : given;
}

import fs from 'node:fs';
import { parsePublicKey } from '../../../feeds/signature/public-key.ts';

/** A key as it was given: itself, its fingerprint, or the file it is in; null for none. */
export function expectedKey(given: string | undefined): string | null {
  if (given === undefined) return null;
  try {
    const key = parsePublicKey(fs.readFileSync(given, 'utf8'));
    return key.ok ? key.value.text : given;
  } catch {
    // No file of this name: it is the key itself.
    return given;
  }
}

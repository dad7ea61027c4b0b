import fs from 'node:fs';
import { because, DONE, err, type Result } from '../../../shared/result.ts';
import { readSmallFile } from '../../block/small-file.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { parsePublicKey } from '../signature/public-key.ts';
import { generateSecretKey, parseSecretKey, publicKeyFile, type SecretKey } from '../signature/secret-key.ts';

/** A key file of minisign has some 300 bytes. */
export const KEY_FILE_BYTES = 16 * 1024;

/** Makes a key pair, the secret half for its owner's eyes only. Never replaces a file. */
export function createKeyFiles(file: string): Result<SecretKey> {
  const content = generateSecretKey();
  const key = parseSecretKey(content);
  if (!key.ok) return key;
  const secret = writeNew(file, content, 0o600);
  if (!secret.ok) return secret;
  const published = writeNew(`${file}.pub`, publicKeyFile(key.value.publicText), 0o644);
  return published.ok ? key : published;
}

/** Fails with `permission-denied` when others may read it: then it may not be a secret any more. */
export function readKeyFile(file: string): Result<SecretKey> {
  try {
    const { mode } = fs.statSync(file);
    if (holdsPublicKey(file))
      return err('invalid-argument', `'${file}' is a public key; give the secret one`);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      return err(
        'permission-denied',
        `The secret key '${file}' can be read by others; run: chmod 600 '${file}'`,
      );
    }
    const content = readSmallFile(file, { mostBytes: KEY_FILE_BYTES });
    if (!content.ok) return content;
    const key = parseSecretKey(content.value.toString());
    return key.ok ? key : because(`'${file}' cannot be used`, key);
  } catch (error) {
    return failureFromSystem(error, `Could not read '${file}'`);
  }
}

function holdsPublicKey(file: string): boolean {
  const content = readSmallFile(file, { mostBytes: KEY_FILE_BYTES });
  return content.ok && parsePublicKey(content.value.toString()).ok;
}

function writeNew(file: string, content: string, mode: number): Result<void> {
  try {
    fs.writeFileSync(file, content, { flag: 'wx', mode, flush: true });
    return DONE;
  } catch (error) {
    const failed = failureFromSystem(error, `Could not write '${file}'`);
    const exists = failed.failure.code === 'already-exists';
    return exists ? because('A key is never replaced, so name another file', failed) : failed;
  }
}

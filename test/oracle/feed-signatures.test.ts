/** `minisign` verifies what we sign, and we verify what it signs: keys, signatures and rotation statements alike. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { rotationStatement, verifyRotation } from '../../main/feeds/rotation.ts';
import { parsePublicKey } from '../../main/feeds/signature/public-key.ts';
import { generateSecretKey, parseSecretKey, publicKeyFile } from '../../main/feeds/signature/secret-key.ts';
import { signDetached, verifyDetached } from '../../main/feeds/signature/signature.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONTENT = '{"a feed": true}\n';
const COMMENT = 'feed org.example serial 3';

interface Desk {
  readonly folder: string;
  readonly file: (name: string) => string;
  readonly minisign: (...args: string[]) => string;
}

/** A folder with a feed and a pair of keys, made by `minisign` or by us. */
function desk(maker: 'minisign' | 'headwater'): Desk {
  const folder = tempFolder();
  const file = (name: string) => path.join(folder, name);
  const minisign = (...args: string[]) =>
    execFileSync('minisign', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  fs.writeFileSync(file('feed.json'), CONTENT);
  if (maker === 'minisign') minisign('-G', '-W', '-p', 'key.pub', '-s', 'key');
  else {
    const secret = generateSecretKey();
    fs.writeFileSync(file('key'), secret, { mode: 0o600 });
    fs.writeFileSync(file('key.pub'), publicKeyFile(unwrap(parseSecretKey(secret)).publicText));
  }
  return { folder, file, minisign };
}

const text = (file: string) => fs.readFileSync(file, 'utf8');

describe.each(['minisign', 'headwater'] as const)('with keys that %s made', (maker) => {
  it('minisign verifies what we sign, and shows the comment as trusted', () => {
    const { file, minisign } = desk(maker);
    const key = unwrap(parseSecretKey(text(file('key'))));
    fs.writeFileSync(file('feed.json.minisig'), signDetached(Buffer.from(CONTENT), key, COMMENT));
    const said = minisign('-V', '-m', 'feed.json', '-p', 'key.pub');
    expect(said).toContain('Signature and comment signature verified');
    expect(said).toContain(`Trusted comment: ${COMMENT}`);
    expect(() => minisign('-V', '-m', 'feed.json', '-P', key.publicText)).not.toThrow();
  });

  it('we verify what minisign signs', () => {
    const { file, minisign } = desk(maker);
    minisign('-S', '-s', 'key', '-m', 'feed.json', '-t', COMMENT);
    const key = unwrap(parsePublicKey(text(file('key.pub'))));
    const minisig = text(file('feed.json.minisig'));
    expect(verifyDetached(Buffer.from(CONTENT), minisig, key)).toMatchObject({ ok: true });
    expect(verifyDetached(Buffer.from(`${CONTENT} `), minisig, key)).toMatchObject({
      failure: { code: 'untrusted' },
    });
  });

  it('both make the same signature: it follows from content, key and comment', () => {
    const { file, minisign } = desk(maker);
    minisign('-S', '-s', 'key', '-m', 'feed.json', '-t', COMMENT);
    const key = unwrap(parseSecretKey(text(file('key'))));
    const ours = signDetached(Buffer.from(CONTENT), key, COMMENT);
    // The first line is for people and not signed.
    expect(ours.split('\n').slice(1)).toEqual(text(file('feed.json.minisig')).split('\n').slice(1));
  });

  it('minisign recovers the public key from the secret one', () => {
    const { file, minisign } = desk(maker);
    minisign('-R', '-s', 'key', '-p', 'again.pub');
    expect(unwrap(parsePublicKey(text(file('again.pub')))).text).toBe(
      unwrap(parsePublicKey(text(file('key.pub')))).text,
    );
  });

  it('a key is passed on by a statement that minisign signs', () => {
    const { file, minisign } = desk(maker);
    const from = unwrap(parsePublicKey(text(file('key.pub')))).text;
    const to = unwrap(parseSecretKey(generateSecretKey())).publicText;
    const rotation = { from, to, serial: 4 };
    fs.writeFileSync(file('statement'), rotationStatement('org.example', rotation));
    minisign('-S', '-s', 'key', '-m', 'statement');
    const signature = text(file('statement.minisig'));
    expect(verifyRotation('org.example', { ...rotation, signature })).toMatchObject({ ok: true });
    expect(verifyRotation('org.example', { ...rotation, serial: 3, signature })).toMatchObject({ ok: false });
  });

  it('signatures in the old style are told of', () => {
    const { file, minisign } = desk(maker);
    minisign('-S', '-l', '-s', 'key', '-m', 'feed.json');
    const key = unwrap(parsePublicKey(text(file('key.pub'))));
    expect(verifyDetached(Buffer.from(CONTENT), text(file('feed.json.minisig')), key)).toMatchObject({
      failure: { code: 'unsupported' },
    });
  });
});

describe('minisign', () => {
  it('refuses what we refuse: another content, another comment', () => {
    const { file, minisign } = desk('headwater');
    const key = unwrap(parseSecretKey(text(file('key'))));
    const minisig = signDetached(Buffer.from(CONTENT), key, COMMENT);
    fs.writeFileSync(file('feed.json.minisig'), minisig);
    fs.writeFileSync(file('feed.json'), `${CONTENT} `);
    expect(() => minisign('-V', '-m', 'feed.json', '-p', 'key.pub')).toThrow(/Signature verification failed/);
    fs.writeFileSync(file('feed.json'), CONTENT);
    fs.writeFileSync(file('feed.json.minisig'), minisig.replace('serial 3', 'serial 4'));
    expect(() => minisign('-V', '-m', 'feed.json', '-p', 'key.pub')).toThrow(
      /Comment signature verification failed/,
    );
  });
});

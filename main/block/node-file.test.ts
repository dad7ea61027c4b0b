import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { describeBlockDevice } from './device.conformance.ts';
import { NodeFile } from './node-file.ts';
import { RawDevice } from './raw.ts';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-file-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});
const at = (name: string) => path.join(folder, name);

let made = 0;
describeBlockDevice('a raw file of the operating system', {
  make: async (content) => {
    const name = at(`disk-${made++}`);
    fs.writeFileSync(name, content);
    return unwrap(await RawDevice.open(unwrap(NodeFile.open(name, { readOnly: false }))));
  },
});

describe('a file of the operating system', () => {
  it('reads fewer bytes only at its end', async () => {
    fs.writeFileSync(at('a'), 'hello');
    const file = unwrap(NodeFile.open(at('a'), { readOnly: true }));
    const target = new Uint8Array(10);
    expect(unwrap(await file.read(2, target))).toBe(3);
    expect(Buffer.from(target.subarray(0, 3)).toString()).toBe('llo');
    expect(unwrap(await file.read(100, target))).toBe(0);
    unwrap(await file.close());
  });

  it('grows when it is written behind its end', async () => {
    const file = unwrap(NodeFile.create(at('a')));
    unwrap(await file.write(10_000, new Uint8Array([7])));
    expect(unwrap(await file.length())).toBe(10_001);
    unwrap(await file.setLength(5));
    expect(unwrap(await file.length())).toBe(5);
    unwrap(await file.close());
  });

  it('is created anew, or not at all where one must not be there', () => {
    fs.writeFileSync(at('a'), 'old');
    expect(NodeFile.create(at('a'), { exclusive: true })).toMatchObject({
      failure: { code: 'already-exists' },
    });
    unwrap(NodeFile.create(at('a')));
    expect(fs.readFileSync(at('a'), 'utf8')).toBe('');
  });

  it('names what is wrong as the C library does', () => {
    expect(NodeFile.open(at('none'), { readOnly: true })).toMatchObject({
      failure: { code: 'not-found', message: `Could not open '${at('none')}': No such file or directory` },
    });
  });

  it('refuses folders, devices and pipes, without waiting for a writer', () => {
    execFileSync('mkfifo', [at('pipe')]);
    for (const name of [folder, '/dev/null', at('pipe')]) {
      expect(NodeFile.open(name, { readOnly: true })).toMatchObject({
        failure: { code: 'invalid-argument' },
      });
    }
    expect(NodeFile.open(at('pipe'), { readOnly: false })).toMatchObject({
      failure: { code: 'invalid-argument' },
    });
  });

  it('is not written when it was opened for reading', async () => {
    fs.writeFileSync(at('a'), 'x');
    const file = unwrap(NodeFile.open(at('a'), { readOnly: true }));
    expect(await file.write(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'read-only' } });
    expect(await file.setLength(0)).toMatchObject({ failure: { code: 'read-only' } });
    unwrap(await file.close());
  });

  it('ends the syncs under way before it gives its number back, and refuses all later ones', async () => {
    const file = unwrap(NodeFile.create(at('a')));
    const [synced, closing] = await Promise.all([file.sync(), file.close()]);
    expect([synced.ok, closing.ok]).toEqual([true, true]);
    const closed = { failure: { code: 'closed' } };
    expect(await file.sync()).toMatchObject(closed);
    expect(await file.read(0, new Uint8Array(1))).toMatchObject(closed);
    expect(await file.write(0, new Uint8Array(1))).toMatchObject(closed);
    expect(await file.length()).toMatchObject(closed);
    expect((await file.close()).ok).toBe(true);
  });
});

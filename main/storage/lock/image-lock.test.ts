import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { lockImage, releaseLockOfThread } from './image-lock.ts';
import type { LockPlace } from './lock-holder.ts';

function newImage(): string {
  const image = path.join(tempFolder(), 'disk.qed');
  fs.writeFileSync(image, '');
  return image;
}

function lockFileOf(image: string): string {
  return path.join(path.dirname(image), '.disk.qed.lock');
}

/** Where this process is, as its locks say. */
function placeHere(): LockPlace {
  const image = newImage();
  const release = unwrap(lockImage(image));
  const { place } = JSON.parse(fs.readFileSync(lockFileOf(image), 'utf8')) as { place: LockPlace };
  release();
  return place;
}

/** The number of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('the lock of an image', () => {
  it('is had once in one program, by whatever name the image is called', () => {
    const image = newImage();
    const release = unwrap(lockImage(image));
    const link = path.join(tempFolder(), 'link');
    fs.symlinkSync(image, link);
    for (const name of [image, link, path.relative(process.cwd(), image)]) {
      expect(lockImage(name)).toMatchObject({
        failure: {
          code: 'busy',
          message: `'${name}' is already open for writing in this program; close it there first`,
        },
      });
    }
    release();
    unwrap(lockImage(link))();
  });

  it('leaves nothing behind, and giving it back twice gives back no other', () => {
    const image = newImage();
    const release = unwrap(lockImage(image));
    release();
    const next = unwrap(lockImage(image));
    release();
    expect(lockImage(image)).toMatchObject({ failure: { code: 'busy' } });
    next();
    expect(fs.readdirSync(path.dirname(image))).toEqual(['disk.qed']);
  });

  it.each([
    ['a process that is gone', () => ({ token: 'a', pid: deadProcess(), startedAt: null })],
    [
      'a process whose number another one has now',
      () => ({ token: 'a', pid: process.pid, startedAt: 'long ago' }),
    ],
  ])('is taken over from %s', (_, holder) => {
    const image = newImage();
    fs.writeFileSync(lockFileOf(image), JSON.stringify(holder()));
    unwrap(lockImage(image))();
    expect(fs.readdirSync(path.dirname(image))).toEqual(['disk.qed']);
  });

  it.each(['', '{"pid":', '{}', '{"token":"../x","pid":1,"startedAt":null}', 'x'.repeat(10_000)])(
    'is taken over where it is damaged, as by a power cut (%#)',
    (text) => {
      const image = newImage();
      fs.writeFileSync(lockFileOf(image), text);
      unwrap(lockImage(image))();
      expect(fs.readdirSync(path.dirname(image))).toEqual(['disk.qed']);
    },
  );

  it('is taken over though a program died while taking it over, whose traces are removed', () => {
    const image = newImage();
    const dead = (token: string) => JSON.stringify({ token, pid: deadProcess(), startedAt: null });
    fs.writeFileSync(lockFileOf(image), dead('first'));
    fs.writeFileSync(`${lockFileOf(image)}.first`, dead('second'));
    fs.writeFileSync(`${lockFileOf(image)}.first.second`, dead('third'));
    fs.writeFileSync(`${lockFileOf(image)}.draft`, dead('draft'));
    unwrap(lockImage(image))();
    expect(fs.readdirSync(path.dirname(image))).toEqual(['disk.qed']);
  });

  it('is not taken while another program is taking it over', () => {
    const image = newImage();
    const stale = { token: 'stale', pid: deadProcess(), startedAt: null };
    fs.writeFileSync(lockFileOf(image), JSON.stringify(stale));
    const alive = { token: 'alive', pid: process.pid, startedAt: null };
    fs.writeFileSync(`${lockFileOf(image)}.stale`, JSON.stringify(alive));
    expect(lockImage(image)).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${image}' is being opened by several programs at once; try again`,
      },
    });
  });

  it('is not given for a file with several names, as another one could be opened past it', () => {
    const image = path.join(tempFolder(), 'disk.qed');
    fs.writeFileSync(image, '');
    fs.linkSync(image, `${image}.second`);
    expect(lockImage(image)).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('hard links') as string },
    });
    fs.rmSync(`${image}.second`);
    unwrap(lockImage(image))();
  });

  it('is given back for a thread that has ended, and for no other', () => {
    const image = newImage();
    unwrap(lockImage(image));
    releaseLockOfThread(image, threadId + 1);
    expect(lockImage(image)).toMatchObject({ failure: { code: 'busy' } });
    releaseLockOfThread(image, threadId);
    unwrap(lockImage(image))();
  });

  it.skipIf(process.platform !== 'linux').each([
    ['another container of this computer', { pidNamespace: 'pid:[1]' }],
    ['another computer', { boot: 'another', hostName: 'elsewhere' }],
    ['a computer of this name with another identity', { boot: 'another', machine: 'another' }],
    ['a computer without an identity', { boot: 'another', machine: null }],
    ['a system that does not tell where', null],
  ])('is not taken over from %s, where nobody here can see whether it is gone', (_, change) => {
    const image = newImage();
    const place = change && { ...placeHere(), ...change };
    const lock = { token: 'a', pid: deadProcess(), startedAt: null, place };
    fs.writeFileSync(lockFileOf(image), JSON.stringify(lock));
    const told = lockImage(image);
    expect(told).toMatchObject({
      failure: { code: 'busy', words: ['image-locked-elsewhere', image, lockFileOf(image)] },
    });
    expect(told.ok || told.failure.message).toContain(`if it has ended, remove '${lockFileOf(image)}'`);
    expect(JSON.parse(fs.readFileSync(lockFileOf(image), 'utf8'))).toEqual(lock);
  });

  it.skipIf(process.platform !== 'linux')('is taken over from before the computer started anew', () => {
    const image = newImage();
    const here = placeHere();
    const place = { ...here, boot: 'another' };
    fs.writeFileSync(
      lockFileOf(image),
      JSON.stringify({ token: 'a', pid: process.pid, startedAt: null, place }),
    );
    const lock = lockImage(image);
    // Without an identity of the computer it could be another one of the same name.
    expect(lock).toMatchObject(here.machine === null ? { failure: { code: 'busy' } } : { ok: true });
    if (lock.ok) lock.value();
  });

  it('stays with the image when that gets another name', () => {
    const image = newImage();
    const release = unwrap(lockImage(image));
    const renamed = path.join(path.dirname(image), 'renamed.qed');
    fs.renameSync(image, renamed);
    expect(lockImage(renamed)).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${renamed}' is already open for writing in this program; close it there first`,
      },
    });
    release();
    unwrap(lockImage(renamed))();
    expect(fs.readdirSync(path.dirname(image))).toEqual(['renamed.qed']);
  });

  it.skipIf(process.platform === 'win32')('stays with the image when that is moved to another folder', () => {
    const image = newImage();
    const release = unwrap(lockImage(image));
    const moved = path.join(tempFolder(), 'moved.qed');
    fs.renameSync(image, moved);
    expect(lockImage(moved)).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${moved}' is already open for writing in this program; close it there first`,
      },
    });
    // What stays behind is no lock of a new image at the old place.
    release();
    unwrap(lockImage(moved))();
  });

  it.skipIf(process.platform === 'win32')('is given back under all names for a thread that has ended', () => {
    const image = newImage();
    unwrap(lockImage(image));
    const moved = path.join(tempFolder(), 'moved.qed');
    fs.renameSync(image, moved);
    releaseLockOfThread(image, threadId);
    unwrap(lockImage(moved))();
  });

  it('of an image that had another name is free when its process is gone', () => {
    const image = newImage();
    const inode = fs.statSync(image, { bigint: true }).ino.toString();
    const gone = { token: 'a', pid: deadProcess(), startedAt: null, inode };
    fs.writeFileSync(path.join(path.dirname(image), '.old-name.qed.lock'), JSON.stringify(gone));
    unwrap(lockImage(image))();
  });

  it('is free beside the locks of other images and of other programs', () => {
    const image = newImage();
    const folder = path.dirname(image);
    fs.writeFileSync(path.join(folder, 'other.qed'), '');
    const release = unwrap(lockImage(path.join(folder, 'other.qed')));
    fs.writeFileSync(path.join(folder, '.strange.lock'), 'locked');
    fs.symlinkSync('/dev/zero', path.join(folder, '.endless.lock'));
    unwrap(lockImage(image))();
    release();
  });

  it('is refused in a folder with more locks than can be looked through', () => {
    const image = newImage();
    for (let n = 0; n <= 1000; n++) fs.writeFileSync(path.join(path.dirname(image), `.${n}.lock`), '');
    expect(lockImage(image)).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('more than 1000 lock files') as string },
    });
    expect(fs.existsSync(lockFileOf(image))).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'is refused, and not waited for, where no regular file is in its place',
    () => {
      for (const put of [
        (file: string) => void spawnSync('mkfifo', [file]),
        (file: string) => fs.symlinkSync('/dev/zero', file),
        (file: string) => fs.mkdirSync(file),
      ]) {
        const image = newImage();
        put(lockFileOf(image));
        expect(lockImage(image)).toMatchObject({
          failure: {
            code: 'invalid-argument',
            message: expect.stringContaining(`'${lockFileOf(image)}' is not a regular file`) as string,
          },
        });
        expect(fs.readdirSync(path.dirname(image))).toEqual(['.disk.qed.lock', 'disk.qed']);
      }
    },
  );

  it('is given for names as long as the file system allows', () => {
    const image = path.join(tempFolder(), `${'a'.repeat(251)}.qed`);
    fs.writeFileSync(image, '');
    const release = unwrap(lockImage(image));
    expect(lockImage(image)).toMatchObject({ failure: { code: 'busy' } });
    release();
    unwrap(lockImage(image))();
  });
});

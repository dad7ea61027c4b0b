import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { lockImage, releaseLockOfThread } from './image-lock.ts';

function newImage(): string {
  const image = path.join(tempFolder(), 'disk.qed');
  fs.writeFileSync(image, '');
  return image;
}

function lockFileOf(image: string): string {
  return path.join(path.dirname(image), '.disk.qed.lock');
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

  it('is given for names as long as the file system allows', () => {
    const image = path.join(tempFolder(), `${'a'.repeat(251)}.qed`);
    fs.writeFileSync(image, '');
    const release = unwrap(lockImage(image));
    expect(lockImage(image)).toMatchObject({ failure: { code: 'busy' } });
    release();
    unwrap(lockImage(image))();
  });
});

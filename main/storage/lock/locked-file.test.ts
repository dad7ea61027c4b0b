import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { NodeFile } from '../../block/node-file.ts';
import { lockImage } from './image-lock.ts';
import { openLocked, withLock } from './locked-file.ts';

function newImage(content = ''): string {
  const image = path.join(tempFolder(), 'disk.qed');
  fs.writeFileSync(image, content);
  return image;
}

describe('an image that is opened for writing', () => {
  it('is locked until it is closed', async () => {
    const image = newImage();
    const file = unwrap(openLocked(image));
    expect(openLocked(image)).toMatchObject({ failure: { code: 'busy' } });
    unwrap(await file.close());
    unwrap(await unwrap(openLocked(image)).close());
  });

  it.skipIf(process.platform === 'win32')(
    'is not written when another file was put in its place before it was locked',
    async () => {
      const image = newImage('first');
      const opened = unwrap(NodeFile.open(image, { readOnly: false }));
      fs.writeFileSync(`${image}.new`, 'second');
      fs.renameSync(`${image}.new`, image);
      expect(withLock(opened, image)).toMatchObject({
        failure: { code: 'busy', message: `'${image}' was replaced while it was being opened; try again` },
      });
      expect(await opened.length()).toMatchObject({ failure: { code: 'closed' } });
      unwrap(lockImage(image))();
    },
  );
});

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { writeQed, writeRaw } from '../../../test/support/image-files.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { followChain } from './follow.ts';
import { layersOf } from './image-chain.ts';

const SMALL = { imageBytes: 64 * KIB, clusterBytes: 4 * KIB, tableClusters: 1 };

function overlayOn(file: string, name: string, raw = false): Promise<void> {
  return writeQed(file, { ...SMALL, backing: { name, raw } });
}

async function locations(file: string): Promise<string[]> {
  const chain = unwrap(await followChain(file, 'qed', systemClock));
  return layersOf(chain).map((layer) => `${layer.format}:${layer.location}`);
}

describe('following the backing names inside images', () => {
  it('goes down to the image without a backing file, taking formats from the headers', async () => {
    const folder = tempFolder();
    const file = (name: string) => path.join(folder, name);
    writeRaw(file('base.raw'), SMALL.imageBytes);
    await overlayOn(file('middle.qed'), file('base.raw'), true);
    await overlayOn(file('top.qed'), file('middle.qed'));
    expect(await locations(file('top.qed'))).toEqual([
      `qed:${file('top.qed')}`,
      `qed:${file('middle.qed')}`,
      `raw:${file('base.raw')}`,
    ]);
  });

  it('takes relative names from the folder of the image that has them, wherever the process stands', async () => {
    const folder = tempFolder();
    fs.mkdirSync(path.join(folder, 'a/b'), { recursive: true });
    writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    await overlayOn(path.join(folder, 'a/middle.qed'), '../base.raw', true);
    await overlayOn(path.join(folder, 'a/b/top.qed'), '../middle.qed');
    const top = path.relative(process.cwd(), path.join(folder, 'a/b/top.qed'));
    const [, middle, base] = await locations(top);
    expect(path.resolve(middle?.slice(4) ?? '')).toBe(path.join(folder, 'a/middle.qed'));
    expect(path.resolve(base?.slice(4) ?? '')).toBe(path.join(folder, 'base.raw'));
  });

  it.each(['file:///etc/passwd', '//[', 'data:,x', 'nbd+unix:///?socket=/run/disk'])(
    'follows no name of an image on a server that is not far away as well: %s',
    async (name) => {
      const folder = tempFolder();
      await overlayOn(path.join(folder, 'far.qed'), name, true);
      const server = await serve(folder);
      const followed = await followChain(`${server.url}far.qed`, 'qed', systemClock);
      expect(followed).toMatchObject({ failure: { code: 'source-refused' } });
    },
  );

  it('takes relative names of an image on a server from its address', async () => {
    const folder = tempFolder();
    fs.mkdirSync(path.join(folder, 'images'));
    writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    await overlayOn(path.join(folder, 'images/middle.qed'), '../base.raw', true);
    const server = await serve(folder);
    await overlayOn(path.join(folder, 'top.qed'), `${server.url}images/middle.qed`);
    expect(await locations(path.join(folder, 'top.qed'))).toEqual([
      `qed:${path.join(folder, 'top.qed')}`,
      `qed:${server.url}images/middle.qed`,
      `raw:${server.url}base.raw`,
    ]);
  });

  it('refuses a loop, also through another name of the same file', async () => {
    const folder = tempFolder();
    const file = (name: string) => path.join(folder, name);
    await overlayOn(file('self.qed'), 'self.qed');
    expect(await followChain(file('self.qed'), 'qed', systemClock)).toMatchObject({
      ok: false,
      failure: {
        code: 'invalid-argument',
        message: `'${file('self.qed')}': the backing chain loops at '${file('self.qed')}'`,
      },
    });
    await overlayOn(file('one.qed'), 'other-name.qed');
    await overlayOn(file('two.qed'), 'one.qed');
    fs.symlinkSync('two.qed', file('other-name.qed'));
    expect(await followChain(file('two.qed'), 'qed', systemClock)).toMatchObject({
      failure: { message: expect.stringContaining('loops at') as string },
    });
  });

  it('goes down 200 layers and refuses more', async () => {
    const folder = tempFolder();
    const file = (number: number) => path.join(folder, `${number}.qed`);
    await writeQed(file(0), SMALL);
    for (let number = 1; number <= 200; number++) await overlayOn(file(number), `${number - 1}.qed`);
    expect(await locations(file(199))).toHaveLength(200);
    expect(await followChain(file(200), 'qed', systemClock)).toMatchObject({
      failure: {
        code: 'invalid-argument',
        message: `'${file(200)}': the backing chain has more than 200 layers`,
      },
    });
  });

  it('says which backing file is missing', async () => {
    const overlay = path.join(tempFolder(), 'top.qed');
    await overlayOn(overlay, 'gone.raw', true);
    const missing = path.join(path.dirname(overlay), 'gone.raw');
    expect(await followChain(overlay, 'qed', systemClock)).toMatchObject({
      failure: {
        code: 'not-found',
        message: `Could not open backing file: Could not open '${missing}': No such file or directory`,
      },
    });
  });

  it('says which backing file has not the format that its overlay says', async () => {
    const folder = tempFolder();
    writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    await overlayOn(path.join(folder, 'top.qed'), 'base.raw', false);
    expect(await followChain(path.join(folder, 'top.qed'), 'qed', systemClock)).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining('base.raw') as string },
    });
  });
});

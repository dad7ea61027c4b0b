/** Where `headwater image` decides otherwise than `qemu-img`, on purpose. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { headwaterImage, prepare, qemu, words } from './image-twins.ts';

async function run(folder: string, line: string) {
  return headwaterImage(folder, words(line));
}

describe('streaming overlays', () => {
  it('are created by the syntax of 2011', async () => {
    const folder = tempFolder();
    prepare(folder, ['create -q -f raw fedora-14.img 10M']);
    const line = 'create -f qed -o backing_file=fedora-14.img,copy_on_read=on,stream=on my_fedora.qed';
    expect(await run(folder, line)).toEqual({
      code: 0,
      stdout:
        "Formatting 'my_fedora.qed', fmt=qed size=10485760 backing_file=fedora-14.img backing_fmt=raw " +
        'cluster_size=65536 copy_on_read=on stream=on\n',
      stderr:
        "headwater image: my_fedora.qed: no backing_fmt given: taking 'fedora-14.img' as raw; say backing_fmt=FORMAT " +
        'to choose\n',
    });
    expect((await run(folder, 'info my_fedora.qed')).stdout).toContain(
      'Format specific information:\n    copy on read: true\n    stream: true\n',
    );
    expect((await run(folder, 'info --output=json my_fedora.qed')).stdout).toContain(
      '"data": {\n            "copy-on-read": true,\n            "stream": true\n        }',
    );
    expect(qemu('qemu-img', folder, words('info my_fedora.qed')).stdout).toContain(
      'backing file format: raw',
    );
    expect(qemu('qemu-img', folder, words('check my_fedora.qed')).code).toBe(0);
  });

  it('take a .qed master as QED, and a given format as it is', async () => {
    const folder = tempFolder();
    prepare(folder, ['create -q -f qed master.qed 1M']);
    await run(folder, 'create -f qed -o backing_file=master.qed,copy_on_read=on a.qed');
    expect((await run(folder, 'info --backing-chain a.qed')).stdout).toContain(
      'image: master.qed\nfile format: qed',
    );
    await run(folder, 'create -f qed -b master.qed -F raw -o copy_on_read=on b.qed');
    expect((await run(folder, 'info b.qed')).stdout).toContain('backing file format: raw');
  });

  it.each([
    ['create -f qed -o copy_on_read=on x.qed 1M', 'QED only supports copy_on_read with a backing file'],
    [
      'create -f qed -b b.raw -F raw -o stream=on x.qed',
      'QED only supports stream together with copy_on_read',
    ],
    ['create -f qed -b b.raw -F raw -o stream=maybe x.qed', "Parameter 'stream' expects 'on' or 'off'"],
    ['create -f raw -o stream=on x.raw 1M', "Invalid parameter 'stream'"],
  ])('%s is refused', async (line, message) => {
    const folder = tempFolder();
    prepare(folder, ['create -q -f raw b.raw 1M']);
    const outcome = await run(folder, line);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(message);
  });

  it('are listed with the other options', async () => {
    const { stdout } = await run(tempFolder(), 'create -f qed -o help');
    const theirs = qemu('qemu-img', tempFolder(), words('create -f qed -o help')).stdout;
    const ours = stdout.split('\n').filter((line) => !/^ {2}(copy_on_read|stream)=/.test(line));
    expect(ours.join('\n')).toBe(theirs);
    expect(stdout).toContain('\n  copy_on_read=<bool (on/off)> - ');
  });
});

describe('without a format', () => {
  const header = 'create -q -u -f qed -b /etc/passwd -F raw evil.qed 1M';

  it('a raw disk that begins with a QED header stays raw, and the user is told', async () => {
    const folder = tempFolder();
    prepare(folder, [header]);
    fs.renameSync(path.join(folder, 'evil.qed'), path.join(folder, 'disk.img'));
    expect(qemu('qemu-img', folder, words('info disk.img')).stdout).toContain('file format: qed');
    const info = await run(folder, 'info disk.img');
    expect(info.stdout).toContain('file format: raw');
    expect(info.stderr).toContain("'disk.img' begins like a QED image, but its name does not end in .qed");
    await run(folder, 'convert disk.img out.raw');
    expect(fs.readFileSync(path.join(folder, 'out.raw')).subarray(0, 4).toString()).toBe('QED\0');
    expect((await run(folder, 'info -f qed disk.img')).stdout).toContain('backing file: /etc/passwd');
  });

  it('an image is QED when both its name and its content say so', async () => {
    const folder = tempFolder();
    prepare(folder, ['create -q -f raw fake.qed 1M', 'create -q -f qed real.QED 1M']);
    expect((await run(folder, 'info fake.qed')).stdout).toContain('file format: raw');
    expect((await run(folder, 'info real.QED')).stdout).toContain('file format: qed');
  });

  it('a backing file is QED unless the image says that it is raw', async () => {
    const folder = tempFolder();
    prepare(folder, ['create -q -f raw b.raw 1M', 'create -q -f qed -b b.raw -F raw t.qed']);
    const features = fs.openSync(path.join(folder, 't.qed'), 'r+');
    fs.writeSync(features, Buffer.from([1]), 0, 1, 16);
    fs.closeSync(features);
    const outcome = await run(folder, 'map t.qed');
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('Could not open backing file');
  });
});

describe('what is not supported is refused by name', () => {
  it.each([
    ['info --image-opts driver=raw,file.filename=x', '--image-opts is not supported'],
    ['convert --object secret,id=x a b', '--object is not supported'],
    ['convert --target-image-opts -n a b', '--target-image-opts is not supported'],
    ['convert -l snap a b', 'internal snapshots (-l) are not supported'],
    ['convert a http://127.0.0.1:1/b', "Could not open 'a'"],
  ])('%s', async (line, message) => {
    const outcome = await run(tempFolder(), line);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(message);
  });
});

describe('the help', () => {
  it.each(['--help', '-h', 'help', 'info --help', 'resize --help', 'convert -h'])(
    '%s lists every command',
    async (line) => {
      const { code, stdout, stderr } = await run(tempFolder(), line);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of [
        'check',
        'commit',
        'compare',
        'convert',
        'create',
        'info',
        'map',
        'rebase',
        'resize',
        'stream',
      ]) {
        expect(stdout).toContain(`\n  ${name}`);
      }
    },
  );
});

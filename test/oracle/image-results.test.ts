import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { headwaterImage, prepare, qemu, Twins, words } from './image-twins.ts';

const twins = new Twins([
  'create -q -f raw b.raw 10M',
  'io b.raw write -P 1 0 64k',
  'io b.raw write -P 2 1M 200k',
  'io b.raw write -P 8 9M 1M',
  'create -q -f qed -b b.raw -F raw m.qed',
  'io m.qed write -P 3 2M 100k',
  'io m.qed write -z 1M 64k',
  'create -q -f qed -b m.qed -F qed t.qed 12M',
  'io t.qed write -P 4 3M 4k',
  'io t.qed write -z 4M 64k',
  'io t.qed write -P 9 11M 64k',
  'create -q -f qed -o cluster_size=4k -b t.qed -F qed fine.qed 12M',
  'io fine.qed write -P 6 5000k 9k',
  'create -q -f qed other.qed 11M',
  'io other.qed write -P 7 2M 300k',
]);

/** The guest's view of an image, by QEMU, and that QEMU finds nothing wrong with it. */
function content(folder: string, file: string): Buffer {
  const format = file.endsWith('.raw') ? 'raw' : 'qed';
  if (format === 'qed') {
    const check = qemu('qemu-img', folder, ['check', '-f', 'qed', file]);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('No errors') as string });
  }
  const out = path.join(folder, 'content.tmp');
  expect(qemu('qemu-img', folder, ['convert', '-f', format, '-O', 'raw', file, out]).code).toBe(0);
  return fs.readFileSync(out);
}

function mapOf(folder: string, file: string): string {
  return qemu('qemu-img', folder, ['map', '--output=json', file]).stdout;
}

/** The runs of the map without their offsets, and in which order they lie in the file: we put tables elsewhere. */
function placesOf(folder: string, file: string) {
  const map = JSON.parse(mapOf(folder, file)) as { start: number; data: boolean; offset?: number }[];
  const inOrder = map.filter(({ data }) => data).sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  return { runs: map.map((run) => ({ ...run, offset: null })), order: inOrder.map(({ start }) => start) };
}

async function changed(line: string, ...before: string[]) {
  const folders = twins.copies();
  prepare(folders.theirs, before);
  prepare(folders.ours, before);
  const theirs = qemu('qemu-img', folders.theirs, words(line));
  const ours = await headwaterImage(folders.ours, words(line));
  expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
  return folders;
}

describe('headwater image create', () => {
  it.each(['create -f qed other.qed 9999T', 'create -f qed -o cluster_size=5 other.qed 1M'])(
    '%s is refused as by qemu-img, and leaves the image that is there, as qemu-img does not',
    async (line) => {
      const { ours, theirs } = await changed(line);
      expect(fs.statSync(path.join(theirs, 'other.qed')).size).toBe(0);
      expect(content(ours, 'other.qed').length).toBe(11 * 1024 * 1024);
    },
  );
});

describe('headwater image convert', () => {
  it.each([
    ['convert t.qed x.raw', 'x.raw'],
    ['convert fine.qed x.raw', 'x.raw'],
    ['convert -O qed fine.qed x.qed', 'x.qed'],
    ['convert -O qed -o cluster_size=4k fine.qed x.qed', 'x.qed'],
    ['convert -O qed -o cluster_size=2M,table_size=4 fine.qed x.qed', 'x.qed'],
    ['convert -S 64k fine.qed x.raw', 'x.raw'],
    ['convert -S 0 -O qed t.qed x.qed', 'x.qed'],
    ['convert -m 1 -W -t writeback -T none t.qed x.raw', 'x.raw'],
    ['convert m.qed t.qed b.raw x.raw', 'x.raw'],
    ['convert -O qed m.qed t.qed b.raw x.qed', 'x.qed'],
    ['convert -n t.qed b2.raw', 'b2.raw'],
    ['convert -n t.qed b3.raw', 'b3.raw'],
    ['convert -n -O qed other.qed old.qed', 'old.qed'],
    ['convert -n --target-is-zero -O qed other.qed x.qed', 'x.qed'],
    ['convert -O qed -B m.qed -F qed t.qed x.qed', 'x.qed'],
    ['convert -O qed -o backing_file=m.qed,backing_fmt=qed t.qed x.qed', 'x.qed'],
    ['convert -O qed -o size=20M other.qed x.qed', 'x.qed'],
  ])('%s leaves what qemu-img leaves', async (line, file) => {
    const { theirs, ours } = await changed(
      line,
      'create -q -f raw b2.raw 13M',
      'io b2.raw write -P 5 0 13M',
      'create -q -f raw b3.raw 12M',
      'io b3.raw write -P 5 0 12M',
      'create -q -f qed old.qed 12M',
      'io old.qed write -P 5 0 12M',
      'create -q -f qed x.qed 11M',
    );
    expect(content(ours, file).equals(content(theirs, file))).toBe(true);
  });

  it('stores the same clusters of a QED image, one after the other', async () => {
    const { theirs, ours } = await changed('convert -O qed t.qed x.qed');
    expect(placesOf(ours, 'x.qed')).toEqual(placesOf(theirs, 'x.qed'));
  });

  it('leaves the same holes in a raw file', async () => {
    const { theirs, ours } = await changed('convert t.qed x.raw');
    expect(mapOf(ours, 'x.raw')).toBe(mapOf(theirs, 'x.raw'));
    const { theirs: full, ours: ourFull } = await changed('convert -S 0 t.qed x.raw');
    expect(mapOf(ourFull, 'x.raw')).toBe(mapOf(full, 'x.raw'));
  });

  it('copies all layers above a backing file that is deep in the source, where qemu-img loses them', async () => {
    const { ours } = await changed('convert -O qed -B b.raw -F raw t.qed x.qed');
    expect(content(ours, 'x.qed').equals(content(ours, 't.qed'))).toBe(true);
  });

  it('refuses to overwrite what it reads', async () => {
    const { ours } = twins.copies();
    const before = content(ours, 't.qed');
    for (const line of [
      'convert t.qed b.raw',
      'convert -O qed t.qed t.qed',
      'convert -n -O qed t.qed ./m.qed',
    ]) {
      const outcome = await headwaterImage(ours, words(line));
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('is a source') as string });
    }
    expect(content(ours, 't.qed').equals(before)).toBe(true);
  });

  it('stops where it is interrupted, and says that the target is incomplete', async () => {
    const { ours } = twins.copies();
    const outcome = await headwaterImage(ours, words('convert t.qed x.raw'), AbortSignal.abort());
    expect(outcome).toMatchObject({
      code: 130,
      stderr: "headwater image: interrupted; 'x.raw' is incomplete\n",
    });
  });
});

describe('headwater image rebase', () => {
  it.each([
    ['rebase -b b.raw -F raw t.qed', 't.qed'],
    ['rebase -b other.qed -F qed t.qed', 't.qed'],
    ['rebase -b other.qed -F qed fine.qed', 'fine.qed'],
    ["rebase -b '' t.qed", 't.qed'],
    ["rebase -b '' fine.qed", 'fine.qed'],
    ['rebase -b b.raw -F raw other.qed', 'other.qed'],
    ['rebase -b m.qed -F qed t.qed', 't.qed'],
    ['rebase -p -b b.raw -F raw fine.qed', 'fine.qed'],
  ])('%s keeps the content', async (line, file) => {
    const { ours } = twins.copies();
    const before = content(ours, file);
    const outcome = await headwaterImage(ours, words(line));
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(content(ours, file).equals(before)).toBe(true);
    const named = /-b (\S+)/.exec(line)?.[1] ?? '';
    const info = qemu('qemu-img', ours, ['info', file]).stdout;
    if (named === "''") expect(info).not.toContain('backing file');
    else expect(info).toContain(`backing file: ${named}`);
  });

  it.each([
    'rebase -u -b other.qed -F qed t.qed',
    "rebase -u -b '' t.qed",
    'rebase -u -b b.raw -F raw fine.qed',
  ])('%s changes the header only', async (line) => {
    const file = line.split(' ').at(-1) ?? '';
    const { theirs, ours } = await changed(line);
    expect(qemu('qemu-img', ours, ['info', file]).stdout).toBe(
      qemu('qemu-img', theirs, ['info', file]).stdout,
    );
    expect(content(ours, file).equals(content(theirs, file))).toBe(true);
  });

  it('refuses a new backing file that is based on the image', async () => {
    const { ours } = twins.copies();
    for (const line of [
      'rebase -b t.qed -F qed m.qed',
      'rebase -b t.qed -F qed t.qed',
      'rebase -u -b t.qed -F qed t.qed',
    ]) {
      expect((await headwaterImage(ours, words(line))).code).toBe(1);
    }
    expect(qemu('qemu-img', ours, ['info', 'm.qed']).stdout).toContain('backing file: b.raw');
  });

  it('keeps the old backing file when it is interrupted', async () => {
    const { ours } = twins.copies();
    const before = content(ours, 't.qed');
    const outcome = await headwaterImage(
      ours,
      words('rebase -b other.qed -F qed t.qed'),
      AbortSignal.abort(),
    );
    expect(outcome.code).toBe(130);
    expect(qemu('qemu-img', ours, ['info', 't.qed']).stdout).toContain('backing file: m.qed');
    expect(content(ours, 't.qed').equals(before)).toBe(true);
  });
});

describe('headwater image commit', () => {
  it.each([
    ['commit t.qed', 'm.qed', true],
    ['commit -d t.qed', 'm.qed', false],
    ['commit -b b.raw t.qed', 'b.raw', false],
    ['commit fine.qed', 't.qed', true],
    ['commit -b m.qed fine.qed', 'm.qed', false],
    ['commit -b b.raw fine.qed', 'b.raw', false],
    ['commit m.qed', 'b.raw', true],
  ])('%s moves the content as qemu-img does', async (line, base, emptied) => {
    const { theirs, ours } = await changed(line);
    const top = line.split(' ').at(-1) ?? '';
    expect(content(ours, base).equals(content(theirs, base))).toBe(true);
    expect(content(ours, top).equals(content(theirs, top))).toBe(true);
    const stored = qemu('qemu-img', ours, ['check', top]).stdout;
    if (emptied) expect(stored).toBe('No errors were found on the image.\n');
    else expect(stored).toContain('allocated');
  });

  it('grows a base that lies on a longer image, where qemu-img gives up', async () => {
    const { ours } = twins.copies();
    prepare(ours, [
      'create -q -f qed -b b.raw -F raw short.qed 5M',
      'create -q -f qed -b short.qed -F qed top.qed 12M',
      'io top.qed write -P 7 8M 64k',
    ]);
    const before = content(ours, 'top.qed');
    expect((await headwaterImage(ours, words('commit top.qed'))).code).toBe(0);
    expect(content(ours, 'short.qed').equals(before)).toBe(true);
    expect(content(ours, 'top.qed').equals(before)).toBe(true);
  });

  it('leaves the image as it was when it is interrupted', async () => {
    const { ours } = twins.copies();
    const before = content(ours, 't.qed');
    const outcome = await headwaterImage(ours, words('commit t.qed'), AbortSignal.abort());
    expect(outcome.code).toBe(130);
    expect(content(ours, 't.qed').equals(before)).toBe(true);
  });
});

describe('headwater image resize', () => {
  it('keeps the content and adds zeroes, also over a longer backing file, where qemu-img gives up', async () => {
    const { ours } = twins.copies();
    prepare(ours, [
      'create -q -f qed -b b.raw -F raw short.qed 1000000',
      'io short.qed write -P 9 999000 1000',
    ]);
    const before = content(ours, 'short.qed');
    expect(await headwaterImage(ours, words('resize short.qed 20M'))).toMatchObject({ code: 0, stderr: '' });
    const after = content(ours, 'short.qed');
    expect(after.length).toBe(20 * 1024 * 1024);
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(after.subarray(before.length).every((byte) => byte === 0)).toBe(true);
  });
});

describe('random images', () => {
  it.each([1, 2, 3, 4, 5, 6])('convert, compare and map like qemu-img (seed %d)', async (seed) => {
    const random = new SeededRandom(seed);
    const { ours } = twins.copies();
    const clusters = random.pick(['4k', '64k', '1M']);
    const steps = [
      `create -q -f qed -o cluster_size=${clusters} -b t.qed -F qed r.qed ${random.integer(8, 15)}M`,
    ];
    for (let i = 0; i < 12; i++) {
      const where = `${random.integer(0, 15000) * 512} ${random.integer(1, 400) * 512}`;
      steps.push(`io r.qed write ${random.chance(0.3) ? '-z' : `-P ${random.integer(0, 2)}`} ${where}`);
    }
    prepare(ours, steps);
    const run = async (line: string) => {
      const [theirs, mine] = [qemu('qemu-img', ours, words(line)), await headwaterImage(ours, words(line))];
      expect({ line, ...mine }).toMatchObject({ line, code: theirs.code, stdout: theirs.stdout });
    };
    await run('map r.qed');
    await run('map --output=json r.qed');
    await run('compare r.qed t.qed');
    await run('compare b.raw r.qed');
    await run('info --output=json --backing-chain r.qed');
    for (const [format, file] of [
      ['raw', 'o.raw'],
      ['qed', 'o.qed'],
    ] as const) {
      expect((await headwaterImage(ours, ['convert', '-O', format, 'r.qed', file])).code).toBe(0);
      expect(content(ours, file).equals(content(ours, 'r.qed'))).toBe(true);
      await run(`compare r.qed ${file}`);
    }
  });
});

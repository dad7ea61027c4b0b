import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { headwaterImage, qemu, Twins, withQemusName, words, type TwinFolders } from './image-twins.ts';

const CLUSTER_BYTES = 65536;
const HEADER_FEATURES = 16;
const L1_TABLE = 0x10000;

const twins = new Twins([
  'create -q -f qed c.qed 10M',
  'io c.qed write 0 1M',
  'io c.qed write 3M 64k',
  'io c.qed write -z 5M 128k',
]);

/** An image whose tables can be bent. */
class Bent {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = path.join(folder, 'c.qed');
  }

  read(offset: number): number {
    return Number(fs.readFileSync(this.#file).readBigUInt64LE(offset));
  }

  write(offset: number, value: number): void {
    const bytes = fs.readFileSync(this.#file);
    bytes.writeBigUInt64LE(BigInt(value), offset);
    fs.writeFileSync(this.#file, bytes);
  }

  setL2(index: number, value: number): void {
    this.write(this.read(L1_TABLE) + 8 * index, value);
  }

  append(bytes: number): void {
    fs.appendFileSync(this.#file, Buffer.alloc(bytes));
  }
}

const DAMAGES: Readonly<Record<string, (image: Bent) => void>> = {
  'an entry past the end of the file': (image) => image.setL2(3, 0x123456789000),
  'an entry that is not a cluster': (image) => image.setL2(3, 12345),
  'an entry past 2^63': (image) => image.write(image.read(L1_TABLE) + 8 * 3 + 7, 0xff),
  'a cluster in use twice': (image) => image.setL2(5, 0x50000),
  'an entry that points to the L1 table': (image) => image.setL2(5, L1_TABLE),
  'a lost cluster': (image) => image.setL2(5, 0),
  'lost clusters at the end': (image) => image.append(2 * CLUSTER_BYTES),
  'stray bytes at the end': (image) => image.append(100),
  'a table past the end of the file': (image) => image.write(L1_TABLE, 0x123456780000),
  'a table that is not at a cluster': (image) => image.write(L1_TABLE, image.read(L1_TABLE) + 512),
  'several faults': (image) => {
    image.setL2(3, 0x123456789000);
    image.setL2(4, 12345);
    image.setL2(5, 0x50000);
    image.append(CLUSTER_BYTES);
  },
  'an open mark': (image) => image.write(HEADER_FEATURES, 2),
};

function damaged(name: string): TwinFolders {
  const folders = twins.copies();
  DAMAGES[name]?.(new Bent(folders.theirs));
  DAMAGES[name]?.(new Bent(folders.ours));
  return folders;
}

describe.each(Object.keys(DAMAGES))('headwater image check finds %s', (damage) => {
  it.each(['check c.qed', 'check -q c.qed', 'check --output=json c.qed'])(
    'as qemu-img does: %s',
    async (line) => {
      const { theirs, ours } = damaged(damage);
      const [expected, found] = [
        qemu('qemu-img', theirs, words(line)),
        await headwaterImage(ours, words(line)),
      ];
      expect({ code: found.code, stdout: found.stdout }).toEqual({
        code: expected.code,
        stdout: expected.stdout,
      });
    },
  );

  it('and -r all leaves nothing that qemu-img -r all would mend, and no leaks at the end', async () => {
    const { theirs, ours } = damaged(damage);
    qemu('qemu-img', theirs, words('check -r all c.qed'));
    await headwaterImage(ours, words('check -r all c.qed'));
    const left = (folder: string) => {
      const report = JSON.parse(
        qemu('qemu-img', folder, words('check --output=json c.qed')).stdout,
      ) as Record<string, number>;
      return { corruptions: report['corruptions'] ?? 0, leaks: report['leaks'] ?? 0 };
    };
    expect(left(ours).corruptions).toBe(left(theirs).corruptions);
    expect(left(ours).leaks).toBeLessThanOrEqual(left(theirs).leaks);
    const compared = qemu('qemu-img', ours, [
      'compare',
      '-f',
      'qed',
      '-F',
      'qed',
      'c.qed',
      path.join(theirs, 'c.qed'),
    ]);
    if (left(theirs).corruptions === 0) expect(compared.code).toBe(0);
  });
});

describe('headwater image check -r', () => {
  it('says on standard error which guest range a cleared entry covered', async () => {
    const { ours } = damaged('an entry past the end of the file');
    const outcome = await headwaterImage(ours, words('check -r all c.qed'));
    expect(outcome.stderr).toBe(
      'headwater image: guest range 0x30000-0x3ffff: its L2 entry points to 0x123456789000, which is no cluster ' +
        'inside the file; cleared: the backing file, or zeroes, show there now\n',
    );
    expect(outcome.stdout).toContain('    1 corruptions\n');
  });

  it('reclaims leaked clusters at the end, which qemu-img only counts', async () => {
    const { ours } = damaged('lost clusters at the end');
    const outcome = await headwaterImage(ours, words('check -r leaks c.qed'));
    expect(outcome).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'The following inconsistencies were found and repaired:\n\n    2 leaked clusters\n    0 corruptions\n\n' +
        'Double checking the fixed image now...\nNo errors were found on the image.\n' +
        '17/160 = 10.62% allocated, 5.88% fragmented, 0.00% compressed clusters\n',
    });
  });

  it('leaves wrong entries alone with -r leaks, where qemu-img clears them', async () => {
    const { ours } = damaged('an entry past the end of the file');
    expect((await headwaterImage(ours, words('check -r leaks c.qed'))).code).toBe(2);
    expect((await headwaterImage(ours, words('check c.qed'))).code).toBe(2);
  });
});

describe('damaged images', () => {
  it.each([
    'map c.qed',
    'map --output json c.qed',
    'compare c.qed c.qed',
    'convert c.qed x',
    'convert -O qed c.qed x',
  ])('%s ends with the code of qemu-img and prints as much', async (line) => {
    const { theirs, ours } = damaged('an entry past the end of the file');
    const expected = withQemusName(qemu('qemu-img', theirs, words(line)));
    const found = withQemusName(await headwaterImage(ours, words(line)));
    expect(found).toMatchObject({ code: expected.code, stdout: expected.stdout });
    expect(found.stderr.startsWith(expected.stderr.replace(/: Invalid argument$/, ''))).toBe(true);
  });
});

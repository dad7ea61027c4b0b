import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { isoImage } from './iso9660.ts';
import { cloudSeed, type CloudIdentity } from './nocloud.ts';

function written(image: Buffer): string {
  const file = path.join(tempFolder(), 'seed.iso');
  fs.writeFileSync(file, image);
  return file;
}

const seedOf = (different: Partial<CloudIdentity> = {}) =>
  written(cloudSeed({ instanceId: 'machine-1', name: 'Ubuntu 24.04 LTS', ...different }));

/** What GRUB, which has a driver of its own, finds in an image. */
const grub = (image: string, ...command: readonly string[]) =>
  execFileSync('grub-fstest', [image, ...command], { encoding: 'utf8' });

const metaData = (image: string) =>
  JSON.parse(grub(image, 'cat', '(loop0)/meta-data')) as Record<string, string>;

describe('the disk that tells cloud-init about a machine', () => {
  it('is recognised by its label', () => {
    const about = execFileSync('/sbin/blkid', ['-p', '-o', 'export', seedOf()], { encoding: 'utf8' });
    expect(about).toContain('LABEL=CIDATA\n');
    expect(about).toContain('TYPE=iso9660\n');
  });

  it('lets root in at the console, and names the machine', () => {
    const seed = seedOf();
    expect(grub(seed, 'cat', '(loop0)/user-data')).toMatch(
      /^#cloud-config\nbootcmd:\n {2}- \[cloud-init-per, instance, [\w-]+, passwd, -d, root\]\n/,
    );
    expect(metaData(seed)).toEqual({ 'instance-id': 'machine-1', 'local-hostname': 'ubuntu-24-04-lts' });
  });

  it.each([
    ['Ünï & cødé', 'n-c-d'],
    ['…', 'headwater'],
    ['x'.repeat(80), 'x'.repeat(63)],
    [`${'x'.repeat(62)}--y`, 'x'.repeat(62)],
  ])('makes a name of a host of %j', (name, host) => {
    expect(metaData(seedOf({ name }))['local-hostname']).toBe(host);
  });
});

describe('a file system with a few files', () => {
  it('has them whole, whatever their lengths', () => {
    const files = [0, 1, 2047, 2048, 2049, 10_000].map((length) => ({
      name: `of-${length}`,
      content: 'x'.repeat(length),
    }));
    const image = written(isoImage('FILES', files));
    for (const { name, content } of files) expect(grub(image, 'cat', `(loop0)/${name}`)).toBe(content);
    expect(fs.statSync(image).size % 2048).toBe(0);
  });
});

import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../shared/units.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { RandomScript, type ScriptSubject } from './io-random-script.ts';
import {
  asOptions,
  compareImages,
  copyTwins,
  IMAGES,
  makeMasters,
  runOurs,
  runQemuIo,
  type Outcome,
} from './io-twins.ts';

let masters = '';
beforeAll(() => {
  masters = makeMasters();
});
afterAll(() => fs.rmSync(masters, { recursive: true, force: true }));

const QED = { clusterBytes: 64 * KIB, format: 'qed', hasBacking: false, copyOnRead: false } as const;
const SUBJECTS: Readonly<Record<string, ScriptSubject & { image: keyof typeof IMAGES }>> = {
  'a raw image': { ...QED, image: 'raw', format: 'raw', lengthBytes: MIB },
  'a QED image': { ...QED, image: 'qed', lengthBytes: 4 * MIB },
  'small clusters': { ...QED, image: 'small', lengthBytes: 1500 * KIB, clusterBytes: 4 * KIB },
  'an overlay': { ...QED, image: 'overlay', lengthBytes: 2 * MIB, hasBacking: true },
  'a chain': { ...QED, image: 'chain', lengthBytes: 2 * MIB, hasBacking: true },
  'copy-on-read': { ...QED, image: 'overlay', lengthBytes: 2 * MIB, hasBacking: true, copyOnRead: true },
};
const SEEDS = [1, 2, 3];
const OPERATIONS = 250;

/** Marked as zero in the topmost image of the chain from the beginning. */
const ZEROED = [{ offset: MIB, length: 128 * KIB }];

describe('headwater io and qemu-io, on random scripts', () => {
  it.each(Object.keys(SUBJECTS).flatMap((name) => SEEDS.map((seed) => [name, seed] as const)))(
    'agree about %s (seed %d)',
    async (name, seed) => {
      const subject = SUBJECTS[name];
      if (subject === undefined) throw new Error('no such subject');
      const { image, copyOnRead } = subject;
      const script = new RandomScript(new SeededRandom(seed), subject, OPERATIONS, ZEROED);
      const twins = copyTwins(masters);
      const { file, format } = IMAGES[image];
      const options = ['-f', format, ...(copyOnRead ? ['-C'] : []), `@/${file}`];
      const run = (commands: readonly string[], tool: typeof runOurs, folder: string) =>
        // Every other script comes over standard input.
        seed % 2 === 0
          ? tool(folder, options, commands.join('\n')).then(withoutPrompts)
          : tool(folder, [...asOptions(commands), ...options]);
      const theirs = await run(format === 'qed' ? script.oneByOne : script.commands, runQemuIo, twins.theirs);
      const ours = await run(script.commands, runOurs, twins.ours);
      expect(ours).toEqual(theirs);
      expect(compareImages(twins, image)).toBe('Images are identical.');
      // Each reads what the other has written.
      const look = [
        ...asOptions(['length', ...(copyOnRead ? [] : ['map']), 'read -v 0 2k', 'read -P 0 0 1M']),
        ...options,
      ];
      expect(await runOurs(twins.theirs, look)).toEqual(await runQemuIo(twins.ours, look));
    },
  );
});

function withoutPrompts(outcome: Outcome): Outcome {
  return { ...outcome, stdout: outcome.stdout.replaceAll('qemu-io> ', '') };
}

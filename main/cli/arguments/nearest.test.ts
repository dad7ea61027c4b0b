import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const COMMANDS = ['run', 'demo', 'image', 'stream', 'serve', 'appliances', 'nbd', 'io'];

describe('the word that somebody may have meant', () => {
  it.each([
    ['ru', 'run'],
    ['imgae', 'image'],
    ['apliances', 'appliances'],
    ['sever', 'serve'],
    ['appl', 'appliances'],
  ])('of %s is %s', (word, meant) => expect(nearest(word, COMMANDS)).toBe(meant));

  it.each(['x', 'xy', 'start', 'ab', ''])('is none of these for %j', (word) =>
    expect(nearest(word, COMMANDS)).toBeUndefined(),
  );

  it('is not guessed where two are as near', () => expect(nearest('lint', ['list', 'link'])).toBeUndefined());
});

import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('are had by so many at a time, and go to who waited longest', () => {
    const next: string[] = [];
    const turns = new Turns(2, (id) => next.push(id));
    expect(['a', 'b', 'c', 'd', 'a'].map((id) => turns.take(id))).toEqual([true, true, false, false, true]);
    turns.giveBack('c');
    turns.giveBack('a');
    expect(next).toEqual(['d']);
    expect(turns.take('d')).toBe(true);
    expect(turns.take('a')).toBe(false);
  });

  it('can be given back by who has none', () => {
    const turns = new Turns(1, () => undefined);
    turns.giveBack('a');
    expect(turns.take('b')).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { StreamSlots } from './stream-slots.ts';

function turnsOf(most: number) {
  const state = { most };
  const told: string[] = [];
  return {
    state,
    told,
    turns: new StreamSlots(
      () => state.most,
      (id) => told.push(id),
    ),
  };
}

describe('turns', () => {
  it('are had by so many at a time, and go to who waited longest', () => {
    const { told, turns } = turnsOf(2);
    const asked = ['a', 'b', 'c', 'd', 'a'].map((id) => turns.take(id, 'normal'));
    expect(asked).toEqual([true, true, false, false, true]);
    turns.giveBack('c');
    turns.giveBack('a');
    expect(told).toEqual(['d']);
    expect(turns.take('d', 'normal')).toBe(true);
    expect(turns.take('a', 'normal')).toBe(false);
  });

  it('can be given back by who has none', () => {
    const { told, turns } = turnsOf(1);
    turns.giveBack('a');
    expect(turns.take('b', 'normal')).toBe(true);
    expect(told).toEqual([]);
  });

  it('go to what is more important, at once: who loses one is told', () => {
    const { told, turns } = turnsOf(1);
    turns.take('low', 'low');
    turns.take('normal', 'normal');
    expect(told).toEqual(['low']);
    expect(turns.take('low', 'low')).toBe(false);
    expect(turns.take('normal', 'low')).toBe(true);
    turns.giveBack('normal');
    expect(told).toEqual(['low', 'low']);
  });

  it('become more and fewer', () => {
    const { state, told, turns } = turnsOf(1);
    turns.take('a', 'normal');
    turns.take('b', 'normal');
    state.most = 2;
    turns.recount();
    expect(told).toEqual(['b']);
    state.most = 1;
    turns.recount();
    expect(told).toEqual(['b', 'b']);
    expect(turns.take('a', 'normal')).toBe(true);
  });
});

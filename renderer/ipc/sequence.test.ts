import { describe, expect, it } from 'vitest';
import { inSequence } from './sequence.ts';

function subscriber() {
  const seen: string[] = [];
  const deliver = inSequence<string>(
    (payload) => seen.push(payload),
    () => seen.push('gap'),
  );
  return { seen, deliver };
}

describe('news in sequence', () => {
  it('passes on, beginning with whatever number comes first', () => {
    const { seen, deliver } = subscriber();
    deliver({ sequence: 41, payload: 'a' });
    deliver({ sequence: 42, payload: 'b' });
    expect(seen).toEqual(['a', 'b']);
  });

  it('tells of a gap before the news that showed it', () => {
    const { seen, deliver } = subscriber();
    deliver({ sequence: 1, payload: 'a' });
    deliver({ sequence: 3, payload: 'c' });
    deliver({ sequence: 4, payload: 'd' });
    expect(seen).toEqual(['a', 'gap', 'c', 'd']);
  });

  it('drops what comes twice', () => {
    const { seen, deliver } = subscriber();
    deliver({ sequence: 1, payload: 'a' });
    deliver({ sequence: 1, payload: 'a' });
    expect(seen).toEqual(['a']);
  });
});

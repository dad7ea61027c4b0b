import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Notices } from './notices.ts';

describe('notices', () => {
  let notices: Notices;
  const shown = () => notices.shown.map(({ say }) => say());
  beforeEach(() => {
    vi.useFakeTimers();
    notices = new Notices();
  });
  afterEach(() => vi.useRealTimers());

  it('go by themselves, failures later than news', () => {
    notices.add('info', () => 'added');
    notices.add('error', () => 'refused');
    vi.advanceTimersByTime(10_000);
    expect(shown()).toEqual(['refused']);
    vi.advanceTimersByTime(10_000);
    expect(shown()).toEqual([]);
  });

  it('stay while they are held, those that come meanwhile too', () => {
    notices.add('info', () => 'before');
    notices.hold();
    notices.add('error', () => 'meanwhile');
    vi.advanceTimersByTime(3_600_000);
    expect(shown()).toEqual(['before', 'meanwhile']);
    notices.release();
    vi.advanceTimersByTime(20_000);
    expect(shown()).toEqual([]);
  });

  it('are said in the language of the moment', () => {
    let language = 'English';
    notices.add('error', () => language);
    language = 'Deutsch';
    expect(shown()).toEqual(['Deutsch']);
  });

  it('are not repeated', () => {
    for (const text of ['a', 'b', 'a']) notices.add('info', () => text);
    expect(shown()).toEqual(['b', 'a']);
  });

  it('can be read again when they are gone, the newest first', () => {
    for (const text of ['a', 'b']) notices.add('info', () => text);
    notices.dismissAll();
    expect(shown()).toEqual([]);
    expect(notices.past.map(({ say }) => say())).toEqual(['b', 'a']);
  });

  it('can be dismissed', () => {
    notices.add('error', () => 'refused');
    notices.dismiss(notices.shown[0]?.id ?? 0);
    expect(shown()).toEqual([]);
  });
});

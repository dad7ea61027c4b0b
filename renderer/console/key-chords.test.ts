import { describe, expect, it } from 'vitest';
import { KEY_CHORDS, sendChord, typeText } from './key-chords.ts';

function sink() {
  const sent: string[] = [];
  return {
    sent,
    sendKey: (keysym: number, _code: string | null, down?: boolean) =>
      sent.push(`${down === undefined ? '' : down ? '+' : '-'}${keysym.toString(16)}`),
  };
}

describe('the menu of keys', () => {
  it('releases keys in the other order', () => {
    const keys = sink();
    const chord = KEY_CHORDS.find(({ label }) => label === 'Ctrl+Alt+F7');
    if (chord) sendChord(keys, chord);
    expect(keys.sent).toEqual(['+ffe3', '+ffe9', '+ffc4', '-ffc4', '-ffe9', '-ffe3']);
  });
});

describe('pasting', () => {
  it('types lines and tabs, and counts what it cannot type', () => {
    const keys = sink();
    expect(typeText(keys, 'a\r\n\té~')).toBe(1);
    expect(keys.sent).toEqual(['61', 'ff0d', 'ff09', '7e']);
  });
});

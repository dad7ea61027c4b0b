import { describe, expect, it } from 'vitest';
import { de } from '../i18n/de.ts';
import { en } from '../i18n/en.ts';
import { KEY_CHORDS, chordLabel, sendChord } from './key-chords.ts';

const labels = (names: typeof en.console.keyNames) => KEY_CHORDS.map((chord) => chordLabel(chord, names));

describe('the menu of keys', () => {
  it('releases keys in the other order', () => {
    const sent: string[] = [];
    const chord = KEY_CHORDS[labels(en.console.keyNames).indexOf('Ctrl+Alt+F7')];
    const sendKey = (keysym: number, _code: string | null, down?: boolean) =>
      void sent.push(`${down ? '+' : '-'}${keysym.toString(16)}`);
    if (chord) sendChord({ sendKey }, chord);
    expect(sent).toEqual(['+ffe3', '+ffe9', '+ffc4', '-ffc4', '-ffe9', '-ffe3']);
  });

  it('names keys as keyboards of the language do', () => {
    expect(labels(en.console.keyNames)).toContain('Ctrl+Alt+Del');
    expect(labels(de.console.keyNames)).toContain('Strg+Alt+Entf');
    expect(new Set(labels(en.console.keyNames)).size).toBe(KEY_CHORDS.length);
  });
});

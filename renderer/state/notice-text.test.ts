import { describe, expect, it } from 'vitest';
import { failureText } from '../../shared/failure-text.ts';
import { NOTICE_KINDS, type Notice, type NoticeKind } from '../../shared/ipc/notices.ts';
import { err } from '../../shared/result.ts';
import { de } from '../i18n/de.ts';
import { en } from '../i18n/en.ts';
import { noticeText } from './notice-text.ts';

const notice = (kind: NoticeKind, facts: string[], failure: Notice['failure'] = null): Notice => ({
  level: 'info',
  kind,
  facts,
  failure,
  subject: null,
  text: 'In English.',
});
const inGerman = (told: Notice) => noticeText(told, de.happened, (failure) => failureText(failure, 'de'));

describe('a notice', () => {
  it('is said in the language of the window', () =>
    expect(inGerman(notice('disk-standalone', ['Tiny']))).toBe(
      'Tiny ist vollständig: Die Platte braucht kein Netz mehr.',
    ));

  it('says what went wrong in the same language', () =>
    expect(
      inGerman(
        notice(
          'start-failed',
          ['Tiny'],
          err('busy', 'in use', { words: ['image-locked', '/d.qed'] }).failure,
        ),
      ),
    ).toBe(
      'Tiny konnte nicht gestartet werden: Ein anderes Programm schreibt in „/d.qed“. Schließen Sie es dort zuerst.',
    ));

  it.each(NOTICE_KINDS)('of the kind %s has words in both languages', (kind) => {
    for (const words of [en.happened, de.happened]) {
      const say: (...facts: string[]) => string = words[kind];
      const facts = Array.from({ length: say.length }, (_, index) => `<${index}>`);
      const said = say(...facts);
      for (const fact of facts) expect(said).toContain(fact);
    }
  });

  it('has no words for what never happens', () =>
    expect(Object.keys(en.happened).sort()).toEqual([...NOTICE_KINDS].sort()));
});

import { describe, expect, it } from 'vitest';
import type { Notice, NoticeKind } from '../../shared/ipc/notices.ts';
import { err } from '../../shared/result.ts';
import { wordsFor } from './language.ts';
import { notifyAway } from './notifications.ts';

const notice = (kind: NoticeKind, fact: string, failure: Notice['failure'] = null): Notice => ({
  level: 'info',
  kind,
  facts: [fact],
  failure,
  subject: 'disk-1',
  text: 'In English.',
});

function setUp(focused: boolean) {
  const shown: string[] = [];
  const hear = notifyAway({
    hasFocus: () => focused,
    words: () => wordsFor('de', 'en'),
    show: (title, body) => shown.push(`${title}: ${body}`),
  });
  return { hear, shown };
}

describe('a notification on the desktop', () => {
  it('tells that a machine has become standalone, in the language of the user', () => {
    const { hear, shown } = setUp(false);
    hear(notice('disk-standalone', 'Tiny Linux'));
    expect(shown).toEqual(['Tiny Linux ist vollständig: Die Platte braucht kein Netz mehr.']);
  });

  it('tells that a machine has failed, and why, in the same language', () => {
    const { hear, shown } = setUp(false);
    const { failure } = err('not-found', 'It lost its disk', { words: ['machine-lost-disk'] });
    hear(notice('machine-failed', 'Tiny Linux', failure));
    expect(shown).toEqual(['Tiny Linux ist ausgefallen: Die Maschine hat ihre Platte verloren.']);
  });

  it('is not needed by who looks at a window, nor of what is less', () => {
    const looking = setUp(true);
    looking.hear(notice('disk-standalone', 'Tiny Linux'));
    expect(looking.shown).toEqual([]);
    const away = setUp(false);
    away.hear(notice('disk-exported', '/x.raw'));
    expect(away.shown).toEqual([]);
  });
});

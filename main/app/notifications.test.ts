import { describe, expect, it } from 'vitest';
import type { Notice } from '../../shared/ipc/notices.ts';
import { wordsFor } from './language.ts';
import { notifyAway } from './notifications.ts';

const notice = (kind: string, ...facts: string[]): Notice => ({
  level: 'info',
  kind,
  facts,
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

  it('tells that a machine has failed, and why', () => {
    const { hear, shown } = setUp(false);
    hear(notice('machine-failed', 'Tiny Linux', 'It broke.'));
    expect(shown).toEqual(['Tiny Linux ist ausgefallen: It broke.']);
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

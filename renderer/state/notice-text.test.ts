import { describe, expect, it } from 'vitest';
import type { Notice } from '../../shared/ipc/notices.ts';
import { de } from '../i18n/de.ts';
import { noticeText } from './notice-text.ts';

const notice = (kind: string, ...facts: string[]): Notice => ({
  level: 'info',
  kind,
  facts,
  subject: null,
  text: 'In English.',
});

describe('a notice', () => {
  it('is said in the language of the window', () =>
    expect(noticeText(notice('disk-standalone', 'Tiny'), de.happened)).toBe(
      'Tiny ist vollständig: Die Platte braucht kein Netz mehr.',
    ));

  it('without words of its own is said in English', () =>
    expect(noticeText(notice('something-new'), de.happened)).toBe('In English.'));
});

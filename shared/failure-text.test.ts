import { describe, expect, it } from 'vitest';
import { failureSchema } from './ipc/channel.ts';
import { FAILURE_FACTS, isFailureWords, type FailureKey, type FailureWords } from './failure-words.ts';
import { failureText } from './failure-text.ts';
import { GERMAN_CODES } from './failures-in-german.ts';
import { err, FAILURE_CODES } from './result.ts';

const KEYS = Object.keys(FAILURE_FACTS) as FailureKey[];

describe('a failure', () => {
  it('says itself in English', () =>
    expect(failureText(err('busy', 'Tiny is on').failure, 'en')).toBe('Tiny is on'));

  it('that has words is said with them', () => {
    const { failure } = err('already-exists', 'There is one', { words: ['machine-name-taken', 'Tiny'] });
    expect(failureText(failure, 'de')).toBe('Eine Maschine „Tiny“ gibt es schon.');
  });

  it('without words is said by its code, and by what the system calls it', () => {
    const said = (errno?: string) =>
      failureText(err('source-unreachable', 'example.org: timed out', { errno }).failure, 'de');
    expect(said()).toBe('Die Quelle antwortet nicht.');
    expect(said('ECONNREFUSED')).toBe('Die Quelle antwortet nicht. (der Rechner nimmt keine Verbindung an)');
    expect(said('ESOMETHING')).toBe('Die Quelle antwortet nicht.');
  });

  it.each(FAILURE_CODES)('of the code %s never quotes its English in another language', (code) => {
    for (const errno of [undefined, 'EIO', 'ENEW']) {
      expect(failureText(err(code, 'SOME ENGLISH', { errno }).failure, 'de')).not.toContain('ENGLISH');
    }
  });

  it.each(FAILURE_CODES)('of the code %s has words in German', (code) =>
    expect(GERMAN_CODES[code]).toMatch(/^\p{Lu}.+\.$/u),
  );

  it.each(KEYS)('%s is a sentence in German that has all its facts', (key) => {
    const facts = FAILURE_FACTS[key].map((fact) => `<${fact}>`);
    const words = [key, ...facts];
    if (!isFailureWords(words)) throw new Error('they have as many facts as they should');
    const said = failureText(err('internal', 'not this', { words }).failure, 'de');
    expect(said).toMatch(/^[\p{Lu}„<].+(\.|\?|>)$/u);
    for (const fact of facts) expect(said).toContain(fact);
  });
});

describe('the words of a failure', () => {
  const across = (words: unknown) => failureSchema.parse({ code: 'busy', message: 'in use', words });

  it('cross to windows and into the catalog', () => {
    const words: FailureWords = ['machine-is-on', 'Tiny'];
    expect(across(words)).toEqual({ code: 'busy', message: 'in use', words });
  });

  it.each([[['key-of-another-version']], [['machine-is-on']], [['machine-is-on', 'Tiny', 'more']], ['text']])(
    'that this version does not know are left out: %j',
    (words) => expect(across(words).words).toBeUndefined(),
  );
});

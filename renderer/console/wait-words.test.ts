import { describe, expect, it } from 'vitest';
import type { Failure } from '../../shared/result.ts';
import { en } from '../i18n/en.ts';
import { aDisk, aMachine } from '../testing/samples.ts';
import { waitWords } from './wait-words.ts';

const words = en.console.wait;
const saying = ({ message }: Failure) => message;
const slow = { operation: 'read', sinceMs: 5, failure: null, retries: 'by-itself' } as const;
const full = { code: 'no-space', message: 'The disk of this computer is full' } as const;

describe('why a guest waits', () => {
  it('is nothing while it does not', () => {
    expect(waitWords(aMachine(), [aDisk()], words, saying)).toBeNull();
  });

  it('is a slow source until something more is known', () => {
    expect(waitWords(aMachine({ wait: slow }), [aDisk()], words, saying)).toEqual({
      reason: words.slow.read,
      sinceMs: 5,
      needsUser: false,
    });
  });

  it('is what the disk knows of its source', () => {
    const failure = { code: 'source-unreachable', message: 'images.example.org does not answer' } as const;
    expect(waitWords(aMachine({ wait: slow }), [aDisk(), aDisk({ failure })], words, saying)?.reason).toBe(
      'images.example.org does not answer.',
    );
  });

  it('needs the user where a write failed', () => {
    const wait = { ...slow, operation: 'write', failure: full, retries: 'on-resume' } as const;
    expect(waitWords(aMachine({ wait }), [], words, saying)).toMatchObject({
      reason: 'The disk of this computer is full.',
      needsUser: true,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { aDisk, aMaster } from '../testing/samples.ts';
import { isInTrouble, waysOut } from './ways-out.ts';

const far = aMaster({ source: 'http' });
const over = (state: 'waiting-for-source' | 'source-changed' | 'failed') => aDisk({ state });

describe('the ways out', () => {
  it('of a source that does not answer are to wait for it, to look elsewhere, or to do without', () => {
    expect(waysOut(over('waiting-for-source'), far)).toEqual(['retry', 'elsewhere', 'keep']);
  });

  it('of a source that was exchanged begin with a new machine', () => {
    expect(waysOut(over('source-changed'), far)).toEqual(['renew', 'elsewhere', 'keep', 'retry']);
  });

  it('leave another version of what was published to its feed', () => {
    expect(waysOut(over('source-changed'), { ...far, verified: true })).toEqual([
      'elsewhere',
      'keep',
      'retry',
    ]);
  });

  it('do not lead away from what Headwater made, nor from a disk of this computer that is broken', () => {
    expect(waysOut(over('waiting-for-source'), aMaster({ source: 'recipe' }))).toEqual(['retry', 'keep']);
    expect(waysOut(over('failed'), far)).toEqual(['retry']);
  });

  it('are there for every state that does not go on by itself', () => {
    const states = ['waiting-for-source', 'source-changed', 'failed'] as const;
    for (const state of states) {
      expect(isInTrouble({ state })).toBe(true);
      expect(waysOut({ state }, undefined)).not.toEqual([]);
    }
    expect(isInTrouble({ state: 'paused' })).toBe(false);
  });
});

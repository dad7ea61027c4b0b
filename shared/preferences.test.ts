import { describe, expect, it } from 'vitest';
import { preferencesChangeSchema, preferencesSchema } from './preferences.ts';

describe('preferences', () => {
  it('have a value for everything in a fresh installation', () => {
    expect(preferencesSchema.parse({})).toMatchObject({ globalLimit: 0, connections: 4, theme: 'system' });
  });

  it('keep what a change does not name', () => {
    expect(preferencesChangeSchema.parse({ theme: 'dark' })).toEqual({ theme: 'dark' });
  });

  it('can all be changed', () => {
    expect(Object.keys(preferencesChangeSchema.shape)).toEqual(Object.keys(preferencesSchema.shape));
  });
});

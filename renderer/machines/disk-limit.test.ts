import { describe, expect, it } from 'vitest';
import { limitKind } from './disk-limit.ts';

describe('the limit of a disk', () => {
  it('is the default, none, or its own', () =>
    expect([null, 0, 500].map(limitKind)).toEqual(['default', 'none', 'own']));
});

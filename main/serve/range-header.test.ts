import { describe, expect, it } from 'vitest';
import { parseRangeHeader } from './range-header.ts';

describe('the Range field of a request', () => {
  it.each([
    ['bytes=0-0', { offset: 0, length: 1 }],
    ['bytes=10-', { offset: 10, length: 90 }],
    ['bytes=90-1000', { offset: 90, length: 10 }],
    ['bytes=-10', { offset: 90, length: 10 }],
    ['bytes=-1000', { offset: 0, length: 100 }],
  ])('%s names bytes', (field, expected) => {
    expect(parseRangeHeader(field, 100)).toEqual(expected);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('%s cannot be satisfied', (field) => {
    expect(parseRangeHeader(field, 100)).toBe('unsatisfiable');
  });

  it.each([undefined, '', 'bytes=-', 'bytes=5-4', 'items=0-1', 'bytes=0-1,5-6', 'bytes=a-b', 'bytes=0-1 '])(
    '%j means the whole file',
    (field) => {
      expect(parseRangeHeader(field, 100)).toBeNull();
    },
  );
});

import { describe, expect, it } from 'vitest';
import { typedText } from './typed-text.ts';

describe('typing a text', () => {
  it('presses and releases each key, with Shift where a US keyboard needs it', () => {
    expect(typedText('aB')).toEqual({
      keys: [[0x1e], [0x9e], [0x2a], [0x30], [0xb0], [0xaa]],
      left: 0,
    });
  });

  it('takes every kind of line end for the Return key, and a tab for the Tab key', () => {
    const returns = [[0x1c], [0x9c]];
    expect(typedText('\n\r\n\r\t').keys).toEqual([...returns, ...returns, ...returns, [0x0f], [0x8f]]);
  });

  it('counts what the keyboard does not have, each as one character', () => {
    expect(typedText('é€😀\u0000\u007fx')).toEqual({ keys: [[0x2d], [0xad]], left: 5 });
  });

  it('has a key for every character that prints', () => {
    const ascii = Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index)).join('');
    expect(typedText(ascii).left).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { freeName, imageFileName, nameOfCopy } from './names.ts';

const taken =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name);

describe('the name of a machine', () => {
  it('is the one that is wanted while it is free, and numbered from 2 on where it is not', () => {
    expect(freeName('Tiny', taken())).toBe('Tiny');
    expect(freeName('Tiny', taken('Tiny'))).toBe('Tiny 2');
    expect(freeName('Tiny', taken('Tiny', 'Tiny 2', 'Tiny 4'))).toBe('Tiny 3');
  });

  it('never becomes longer than a name may be', () => {
    const long = 'x'.repeat(100);
    expect(freeName(long, taken('x'.repeat(80)))).toBe(`${'x'.repeat(78)} 2`);
  });

  it('counts on in copies of copies', () => {
    expect(nameOfCopy('Tiny 2')).toBe('Tiny');
    expect(nameOfCopy('Debian 12 server')).toBe('Debian 12 server');
  });
});

describe('the name of an image', () => {
  it('tells the machine, and carries the id', () => {
    expect(imageFileName('Tiny Linux', 'abc')).toBe('tiny-linux-abc.qed');
  });

  it('is a plain file name whatever the machine is called', () => {
    expect(imageFileName('../../etc/Passwörter', 'abc')).toBe('etc-passwo-rter-abc.qed');
    expect(imageFileName('機械', 'abc')).toBe('abc.qed');
  });
});

import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

const never = new AbortController().signal;

async function linesOf(chunks: readonly string[]): Promise<string[]> {
  const reader = new LineReader(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
  const lines: string[] = [];
  for (let line = await reader.next(never); line !== null; line = await reader.next(never)) lines.push(line);
  return lines;
}

describe('lines of standard input', () => {
  it.each([
    [[], []],
    [['a\nb\n'], ['a', 'b']],
    [['a\nb'], ['a', 'b']],
    [['\n\na\n'], ['', '', 'a']],
    [
      ['le', 'ng', 'th\nqu', 'it\n'],
      ['length', 'quit'],
    ],
  ])('%j are %j', async (chunks, lines) => {
    expect(await linesOf(chunks)).toEqual(lines);
  });

  it('are waited for', async () => {
    const stream = new PassThrough();
    const next = new LineReader(stream).next(never);
    stream.write('leng');
    stream.write('th\n');
    expect(await next).toBe('length');
  });

  it('are not waited for any more when the user interrupts', async () => {
    const interruption = new AbortController();
    const next = new LineReader(new PassThrough()).next(interruption.signal);
    interruption.abort();
    expect(await next).toBeNull();
  });
});

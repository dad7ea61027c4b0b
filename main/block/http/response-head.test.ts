import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../../shared/result.ts';
import { HEAD_LIMIT_BYTES, HeadReader, type ResponseHead, keepsConnection } from './response-head.ts';

/** Feeds `bytes` in parts that end at `cuts`; returns what came out and what was left over. */
function readSplit(
  bytes: Buffer,
  cuts: readonly number[],
): { result: Result<ResponseHead | null>; rest: string } {
  const reader = new HeadReader();
  let result: Result<ResponseHead | null> = { ok: true, value: null };
  let at = 0;
  for (const cut of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    while (at < cut) {
      const count = bytes.copy(reader.space(), 0, at, cut);
      at += count;
      result = reader.advance(count);
      if (!result.ok) return { result, rest: '' };
      if (result.value !== null)
        return { result, rest: reader.rest().toString('latin1') + bytes.toString('latin1', at) };
    }
  }
  return { result, rest: '' };
}

const read = (text: string) => readSplit(Buffer.from(text, 'latin1'), []).result;
const message = (text: string) => {
  const result = read(text);
  return result.ok ? 'accepted' : `${result.failure.code}: ${result.failure.message}`;
};

describe('the reader of response heads', () => {
  it('reads status, version and fields', () => {
    const result = read(
      'HTTP/1.1 206 Partial Content\r\nETag: "a b"\r\nX-Empty:\r\nX-A: 1\r\nx-a:\t2 \r\n\r\nbody',
    );
    expect(result).toEqual({
      ok: true,
      value: {
        status: 206,
        minorVersion: 1,
        fields: new Map([
          ['etag', '"a b"'],
          ['x-empty', ''],
          ['x-a', '1, 2'],
        ]),
      },
    });
  });

  it('takes a status line without a reason, and one of HTTP/1.0', () => {
    expect(read('HTTP/1.0 404\r\n\r\n')).toMatchObject({ value: { status: 404, minorVersion: 0 } });
  });

  it('skips interim responses', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 206 OK\r\nA: b\r\n\r\nxyz';
    const { result, rest } = readSplit(Buffer.from(text), []);
    expect(result).toMatchObject({ value: { status: 206, fields: new Map([['a', 'b']]) } });
    expect(rest).toBe('xyz');
  });

  it('asks for more while the head is not complete', () => {
    expect(read('HTTP/1.1 206 OK\r\nA: b\r\n')).toEqual({ ok: true, value: null });
  });

  it.each([
    [
      'another protocol',
      'SSH-2.0-OpenSSH_9.2\r\n',
      'malformed: the status line is not that of HTTP/1.0 or HTTP/1.1',
    ],
    ['HTTP/2', 'HTTP/2 200\r\n', 'malformed: the status line is not that of HTTP/1.0 or HTTP/1.1'],
    [
      'a status of four digits',
      'HTTP/1.1 2006 OK\r\n',
      'malformed: the status line is not that of HTTP/1.0 or HTTP/1.1',
    ],
    [
      'a bare line feed',
      'HTTP/1.1 206 OK\n',
      'malformed: the response has a line that does not end in CR LF',
    ],
    ['a line feed at once', '\n', 'malformed: the response has a line that does not end in CR LF'],
    ['a folded field', 'HTTP/1.1 206 OK\r\nA: b\r\n c\r\n', 'malformed: line 3 of the head is not a field'],
    [
      'space before the colon',
      'HTTP/1.1 206 OK\r\nA : b\r\n',
      'malformed: line 2 of the head is not a field',
    ],
    ['a NUL in a value', 'HTTP/1.1 206 OK\r\nA: b\0c\r\n', 'malformed: line 2 of the head is not a field'],
    [
      'a bare CR in a value',
      'HTTP/1.1 206 OK\r\nA: b\rc\r\n',
      'malformed: line 2 of the head is not a field',
    ],
    [
      'a change of protocol',
      'HTTP/1.1 101 Switching\r\n\r\n',
      'malformed: the server switches protocols (status 101) without being asked to',
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(message(text)).toBe(expected);
  });

  it('gives up on heads that do not end, whether of one line, many lines or many interim responses', () => {
    const expected = `malformed: the head of the response is longer than ${HEAD_LIMIT_BYTES} bytes`;
    expect(message(`HTTP/1.1 206 ${'x'.repeat(HEAD_LIMIT_BYTES)}`)).toBe(expected);
    expect(message(`HTTP/1.1 206 OK\r\n${'A: b\r\n'.repeat(HEAD_LIMIT_BYTES)}`)).toBe(expected);
    expect(message('HTTP/1.1 100 Continue\r\n\r\n'.repeat(HEAD_LIMIT_BYTES))).toBe(expected);
  });

  it('starts afresh after a reset', () => {
    const reader = new HeadReader();
    for (const status of [206, 416]) {
      const count = reader.space().write(`HTTP/1.1 ${status} X\r\nA: b\r\n\r\nrest`);
      expect(reader.advance(count)).toMatchObject({ value: { status, fields: new Map([['a', 'b']]) } });
      reader.reset();
    }
  });

  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/);
  const value = fc.stringMatching(/^[!-~](?:[ -~]{0,20}[!-~])?$/);
  const someHead = fc
    .record({
      interim: fc.nat(3),
      status: fc.integer({ min: 200, max: 999 }),
      fields: fc.array(fc.tuple(token, value), { maxLength: 12 }),
    })
    .map(({ interim, status, fields }) => ({
      status,
      fields,
      text:
        'HTTP/1.1 102 Processing\r\nX: y\r\n\r\n'.repeat(interim) +
        `HTTP/1.1 ${status} Fine\r\n${fields.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`,
    }));

  it('reads the same head and leaves the same rest however the bytes are split', () => {
    fc.assert(
      fc.property(someHead, fc.string({ maxLength: 40 }), fc.array(fc.nat(600)), (sample, body, someCuts) => {
        const bytes = Buffer.from(sample.text + body, 'latin1');
        const cuts = someCuts.map((cut) => Math.min(cut, bytes.length));
        const { result, rest } = readSplit(bytes, cuts);
        expect(result).toMatchObject({ ok: true, value: { status: sample.status } });
        expect(rest).toBe(Buffer.from(body, 'latin1').toString('latin1'));
        if (!result.ok || result.value === null) throw new Error('no head');
        for (const [name, text] of sample.fields)
          expect(result.value.fields.get(name.toLowerCase())).toContain(text);
      }),
    );
  });

  it('judges arbitrary bytes the same however they are split', () => {
    const noise = fc.array(
      fc.constantFrom('HTTP/1.1 206 OK', '\r', '\n', '\r\n', ':', ' ', 'A: b', '\0', 'HTTP/1.1 100 C'),
    );
    fc.assert(
      fc.property(noise, fc.array(fc.nat(100)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const split = readSplit(
          bytes,
          cuts.map((cut) => Math.min(cut, bytes.length)),
        );
        expect(split).toEqual(readSplit(bytes, []));
      }),
    );
  });
});

describe('whether a connection is kept', () => {
  const head = (minorVersion: number, connection?: string): ResponseHead => ({
    status: 206,
    minorVersion,
    fields: new Map(connection === undefined ? [] : [['connection', connection]]),
  });

  it('depends on the version unless the server says otherwise', () => {
    expect(keepsConnection(head(1))).toBe(true);
    expect(keepsConnection(head(1, 'Foo, Close'))).toBe(false);
    expect(keepsConnection(head(0))).toBe(false);
    expect(keepsConnection(head(0, 'Keep-Alive'))).toBe(true);
  });
});

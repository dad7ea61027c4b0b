import { describe, expect, it } from 'vitest';
import { QmpClient } from '../support/qmp-client.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { normalised, startTwins, type Twin } from './qmp-twins.ts';

const status = (id: string) => `{"execute":"query-jobs","id":${id}}`;

/** What a client may send, byte for byte: `\xff` and the like stand for bytes. */
const SAMPLES: readonly string[] = [
  ...['', ' ', '\n', '\r\n\t '],
  ...['{}', '[]', '""', 'null ', 'true ', '3 ', '-0 ', 'nope ', '[1,2]', '{"foo":1}'],
  ...['{"execute":3}', '{"execute":null,"id":1}', '{"execute":"nope","id":7}', '{"id":1}'],
  ...['{"exec-oob":"query-jobs","id":1}', '{"exec-oob":"x","execute":"query-jobs"}'],
  '{"execute":"query-jobs","foo":1}',
  '{"execute":"query-jobs","arguments":[]}',
  '{"execute":"query-jobs","arguments":null}',
  '{"execute":"query-jobs","arguments":{"__proto__":1}}',
  '{"__proto__":{"execute":"query-jobs"}}',
  "{'execute':'query-jobs','id':'a\"b\\'c'}",
  `${status('1')}${status('2')} ${status('3')}\n\n${status('4')}`,
  `{"execute"\n:\r"query-jobs"\t,"id" : [ 1 , {"a":{ } , "b" : [ ] } ] }`,
  ...['"\\u0041\\n\\/"', '"\\q"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\ud83dx"', '"\\ud83d\\u0041"'].map(
    status,
  ),
  ...['"\\u0000"', '"\\uffff"', '"\\ufdd0"', '"\\ude00"', '"\\u00g0"', '"\\u00', '"\\"'].map(status),
  ...['"\xc3\xa9"', '"\xe2\x82\xac"', '"\xf0\x9f\x98\x80"', '"\xc0\x80"', '"\xc1\x81"', '"\xed\xa0\x80"'].map(
    status,
  ),
  ...[
    '"\xef\xbf\xbf"',
    '"\xef\xbb\xbf"',
    '"\xf8\x88\x80\x80\x80"',
    '"\x80"',
    '"\xc3"',
    '"a\x7fb"',
    '"tab\t"',
  ].map(status),
  ...['1.5', '1e2', '-1', '0', '-0', '18446744073709551615', '-9223372036854775808', '100000'].map(status),
  ...[
    '01',
    '-',
    '-a',
    '1.',
    '1.x',
    '1e',
    '1e+',
    '.5',
    '+1',
    '0x1',
    '0e1',
    '1E2',
    'tru',
    'True',
    '%d',
    '%',
  ].map(status),
  ...['{"a":1,"a":2}', '{"a":1,}', '{,}', '{"a"}', '{"a":}', '{1:2}', '{null:2}', '{"a" 1}', '{"a":1 "b":2}'],
  ...['[1,]', '[,]', '[1 2]', '{]', '[}', ']', '}', '{"a":1]', '[1}', '{"a":[1}', ':', ','],
  ...['\0', '{"execute":\0"query-jobs"}', '\xff', '\xfe\xfe', '#x', '/* */', '{"a":\xff"b"}', 'a\0b'],
  ...['"unfinished', "'unfinished", '"a\nb"', '"\\', '[[[[', '{"execute":"query-jobs"', 'nul'],
  `${'['.repeat(1024)}${']'.repeat(1024)}`,
  '['.repeat(1025),
  '{"a":'.repeat(1030),
];

/** Ends whatever was begun: a byte that fits nowhere, and a line's end for what is skipped after one. */
const RESET = '\xff\n';

/** What each of them says to a sample, with everything that had to be said before a following request counts. */
async function say(twin: Twin, samples: readonly string[]): Promise<string[][]> {
  const said: string[][] = [];
  const { client } = twin;
  for (const [index, sample] of samples.entries()) {
    const from = client.lines.length;
    const last = `end-${index}`;
    client.send(Buffer.from(`${sample}${RESET}${status(`"${last}"`)}`, 'latin1'));
    await client.until(() => client.lines.slice(from).some(({ id }) => id === last));
    said.push(
      client.lines
        .slice(from)
        .map((line) => JSON.stringify({ ...(normalised(line, twin) as object), id: line['id'] })),
    );
  }
  return said;
}

async function expectSame(samples: readonly string[]): Promise<void> {
  const { qemu, ours } = await startTwins();
  const [theirs, own] = [await say(qemu, samples), await say(ours, samples)];
  for (const [index, sample] of samples.entries())
    expect([sample, own[index]]).toEqual([sample, theirs[index]]);
}

/** Requests, and what is left of them after some bytes were changed, lost or doubled. */
function mutated(seed: number): string {
  const random = new SeededRandom(seed);
  const alphabet = `{}[]:,"'\\ue0123456789.-+Eatrufalsn \n\t\0\x1f\x7f\xc3\xa9\xed\xf0\xfe\xff%#`;
  let text = random.pick([
    status('"\\u00e9\\ud83d\\ude00"'),
    `{"execute":"query-jobs","arguments":{"a":[1,-2.5e3,true,{"b":null}]},"id":{"x":"y"}}`,
    "{'execute': 'nothing', 'id': [ 1, 2.25, \"three\" ]}",
    `${status('1')}[{"a":"b"}]${status('true')}`,
  ]);
  for (let count = random.integer(1, 6); count > 0; count--) {
    const at = random.integer(0, text.length);
    const length = random.integer(0, 3);
    text =
      text.slice(0, at) +
      (random.chance(0.7) ? alphabet.charAt(random.integer(0, alphabet.length - 1)) : '') +
      text.slice(at + length);
  }
  return text;
}

describe('what a monitor makes of bytes', () => {
  it('is what QEMU makes of them', () => expectSame(SAMPLES));

  it('is what QEMU makes of them, however they are damaged', () =>
    expectSame(Array.from({ length: 600 }, (_, seed) => mutated(seed))));

  it('does not depend on how they are cut', async () => {
    const { qemu, ours } = await startTwins();
    const text = SAMPLES.slice(0, 40).join(RESET) + RESET + status('"end"');
    const answers = [];
    for (const { client } of [qemu, ours]) {
      const from = client.lines.length;
      for (const byte of Buffer.from(text, 'latin1')) {
        client.send(Uint8Array.of(byte));
        if (byte % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await client.until(() => client.lines.some(({ id }) => id === 'end'));
      answers.push(client.lines.slice(from));
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it('is what QEMU makes of them before capabilities are agreed on', async () => {
    const { qemu, ours } = await startTwins();
    const answers = [];
    for (const twin of [qemu, ours]) {
      await twin.client.finish();
      const client = await QmpClient.connect(twin.socket);
      client.send('{"execute":"query-status","id":1}{"execute":"nope"}[]{"execute":"quit","x":1}');
      client.send('{"execute":"qmp_capabilities","arguments":{"enable":3},"id":2}');
      client.send('{"execute":"qmp_capabilities","arguments":{"enabled":[]},"id":3}');
      client.send('{"execute":"stop","id":4}{"execute":"qmp_capabilities","id":5}');
      await client.until(() => client.lines.some(({ id }) => id === 5));
      answers.push(client.lines.slice(1));
      client.kill();
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});

import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { QmpClient, type QmpEvent } from './client.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}\r\n';

/** A QEMU that says what the test wants. */
class Talker extends Duplex {
  readonly heard: { readonly execute: string; readonly id: number; readonly arguments?: unknown }[] = [];

  override _read(): void {
    // It talks when the test says so.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of chunk.toString().trim().split('\n')) this.heard.push(JSON.parse(line) as never);
    done();
  }

  say(text: string): void {
    this.push(text);
  }
}

async function connected() {
  const qemu = new Talker();
  const events: QmpEvent[] = [];
  const opening = QmpClient.open(qemu, (event) => events.push(event));
  qemu.say(GREETING);
  await expect.poll(() => qemu.heard.length, { interval: 1 }).toBe(1);
  expect(qemu.heard[0]).toMatchObject({ execute: 'qmp_capabilities' });
  qemu.say(`{"return": {}, "id": ${qemu.heard[0]?.id}}\r\n`);
  return { qemu, events, client: unwrap(await opening) };
}

describe('a client of QMP', () => {
  it('says hello, asks with arguments, and gets answers in any order', async () => {
    const { qemu, client } = await connected();
    const first = client.execute('query-status');
    const second = client.execute('screendump', { filename: '/x' });
    await expect.poll(() => qemu.heard.length).toBe(3);
    expect(qemu.heard[2]).toMatchObject({ execute: 'screendump', arguments: { filename: '/x' } });
    const [, one, two] = qemu.heard;
    qemu.say(`{"error": {"class": "GenericError", "desc": "No space"}, "id": ${two?.id}}\n`);
    qemu.say(`{"return": {"running": true}, "id": ${one?.id}}\n`);
    expect(await first).toEqual({ ok: true, value: { running: true } });
    expect(await second).toMatchObject({ failure: { code: 'unsupported', message: 'QEMU: No space' } });
  });

  it('hears events, in whatever pieces they come', async () => {
    const { qemu, events } = await connected();
    const line =
      '{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n{"event": "RESUME"}\r\n';
    for (const character of line) qemu.say(character);
    await expect.poll(() => events.map(({ name }) => name)).toEqual(['STOP', 'RESUME']);
  });

  it('fails what is asked when QEMU ends', async () => {
    const { qemu, client } = await connected();
    const asked = client.execute('cont');
    qemu.destroy();
    expect(await asked).toMatchObject({ failure: { code: 'closed' } });
    expect(await client.execute('cont')).toMatchObject({ failure: { code: 'closed' } });
  });

  it('fails to open where QEMU ends before it says hello', async () => {
    const qemu = new Talker();
    const opening = QmpClient.open(qemu, () => undefined);
    qemu.destroy();
    expect(await opening).toMatchObject({ failure: { code: 'closed' } });
  });

  it.each([
    ['no JSON', '{"return": {}'],
    ['no object', '[]'],
    ['null', 'null'],
    ['an answer without its question', '{"return": {}}'],
    ['a question’s name of another kind', '{"return": {}, "id": "1"}'],
    ['an error without words', '{"error": {"class": "GenericError"}, "id": 1}'],
    ['an event without a name', '{"event": 7}'],
    ['a greeting without capabilities', '{"QMP": {}}'],
    ['something else', '{"hello": "world"}'],
  ])('ends at what QEMU would not say: %s', async (_what, line) => {
    const { qemu, client } = await connected();
    const asked = client.execute('cont');
    qemu.say(`${line}\n`);
    expect(await asked).toMatchObject({ failure: { code: 'malformed' } });
    expect(qemu.destroyed).toBe(true);
  });

  it('ends at a line without end', async () => {
    const { qemu, client } = await connected();
    const asked = client.execute('cont');
    for (let sent = 0; sent < 20; sent++) qemu.say('x'.repeat(1 << 16));
    expect(await asked).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('answers everything that is asked, whatever it hears', async () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.json({ maxDepth: 3 }),
      fc.constantFrom('{"return":{},"id":2}', '{"event":"STOP"}', '{"return":{},"id":99}'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 8 }), async (lines) => {
        const { qemu, client } = await connected();
        const asked = client.execute('cont');
        for (const line of lines) if (!qemu.destroyed) qemu.say(`${line}\n`);
        if (!qemu.destroyed) qemu.push(null);
        qemu.destroy();
        expect(['closed', 'malformed', undefined]).toContain(
          ((await asked) as { failure?: { code: string } }).failure?.code,
        );
      }),
      { numRuns: 50 },
    );
  });
});

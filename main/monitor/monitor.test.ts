import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { DONE, err, ok, unwrap } from '../../shared/result.ts';
import { FakeMachine } from '../../test/support/fake-machine.ts';
import { QmpClient } from '../../test/support/qmp-client.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Monitor } from './monitor.ts';
import type { DiskControls } from './target.ts';
import { MESSAGE_LIMITS } from './wire/message-reader.ts';

const CLOSED = err('closed', 'The disk is closed');
const CLOSED_DISK: DiskControls = {
  startStream: async () => CLOSED,
  controlJob: async () => CLOSED,
  setSpeed: async () => CLOSED,
  status: async () => CLOSED,
  layers: async () => CLOSED,
};

interface Scene {
  readonly monitor: Monitor;
  readonly machine: FakeMachine;
  readonly socket: string;
  readonly quits: () => number;
}

/** A monitor of a machine whose disk does what `controls` say. */
async function scene(controls: Partial<DiskControls> = {}): Promise<Scene> {
  const machine = new FakeMachine();
  let quits = 0;
  const monitor = new Monitor({
    clock: systemClock,
    nowMs: () => 1_234_567.5,
    version: '1.2.3',
    target: {
      name: 'Test',
      machine,
      disks: () => [{ device: 'disk', controls: { ...CLOSED_DISK, ...controls } }],
      quit: () => {
        quits++;
      },
    },
  });
  const socket = path.join(tempFolder(), 'qmp');
  unwrap(await monitor.listen({ kind: 'unix', path: socket }));
  onTestFinished(() => monitor.close());
  return { monitor, machine, socket, quits: () => quits };
}

const status = (id: unknown) => JSON.stringify({ execute: 'query-status', id });

describe('a monitor', () => {
  it('greets at once, answers nothing but an agreement on capabilities, then everything', async () => {
    const { socket } = await scene();
    const client = await QmpClient.connect(socket);
    const version = { qemu: { major: 7, minor: 2, micro: 0 }, package: 'Headwater 1.2.3' };
    expect(client.lines).toEqual([{ QMP: { version, capabilities: [] } }]);
    expect(await client.ask('query-status')).toMatchObject({ error: { class: 'CommandNotFound' } });
    expect(await client.ask('qmp_capabilities', { enable: ['oob'] })).toMatchObject({
      error: { desc: 'Capability oob not available' },
    });
    expect(await client.ask('qmp_capabilities')).toMatchObject({ return: {} });
    expect(await client.ask('query-status')).toMatchObject({ return: { running: true } });
  });

  it('tells events only to those that have agreed on capabilities', async () => {
    const { socket, machine } = await scene();
    const [agreed, silent] = [await QmpClient.open(socket), await QmpClient.connect(socket)];
    machine.enter({ kind: 'paused', by: 'user' });
    expect(await agreed.event('STOP')).toEqual({
      timestamp: { seconds: 1234, microseconds: 567_500 },
      event: 'STOP',
    });
    await silent.ask('qmp_capabilities');
    expect(silent.events).toEqual([]);
  });

  it('serves several clients, each with its own ids', async () => {
    const { socket } = await scene();
    const clients = await Promise.all(Array.from({ length: 16 }, () => QmpClient.open(socket)));
    const answers = await Promise.all(clients.map((client) => client.ask('query-name')));
    expect(answers.map((answer) => answer['return'])).toEqual(clients.map(() => ({ name: 'Test' })));
    const tooMany = await QmpClient.connectUngreeted(socket);
    await tooMany.ended;
    expect(tooMany.lines).toEqual([]);
    clients[0]?.kill();
    await clients[0]?.ended;
    const next = await QmpClient.open(socket);
    expect(next.lines).toHaveLength(2);
  });

  it('answers in the order it was asked, however long one takes', async () => {
    let finish = () => {};
    const layers = () =>
      new Promise<typeof CLOSED>((resolve) => {
        finish = () => resolve(CLOSED);
      });
    const { socket } = await scene({ layers });
    const client = await QmpClient.open(socket);
    client.send('{"execute":"query-block","id":"slow"}' + status('quick'));
    const other = await QmpClient.open(socket);
    await other.ask('query-status');
    expect(client.lines).toHaveLength(2);
    finish();
    await client.until(() => client.lines.length === 4);
    expect(client.lines.slice(2).map(({ id }) => id)).toEqual(['slow', 'quick']);
  });

  it('does not read on while a client has many requests waiting, and forgets none', async () => {
    const { socket } = await scene();
    const client = await QmpClient.open(socket);
    const ids = Array.from({ length: 5000 }, (_, index) => index);
    client.send(ids.map(status).join(' '));
    await client.until(() => client.lines.length === ids.length + 2);
    expect(client.lines.slice(2).map(({ id }) => id)).toEqual(ids);
  });

  it('answers what was asked before a client said that it has no more to say', async () => {
    const { socket } = await scene();
    const client = await QmpClient.connect(socket);
    client.send(`{"execute":"qmp_capabilities"}${status(1)}${status(2)}{"execute":"query-sta`);
    await client.finish();
    expect(client.lines.slice(1).map(({ id }) => id)).toEqual([undefined, 1, 2]);
  });

  it('lets a client go that reads nothing of what it is told', async () => {
    const { socket, monitor } = await scene();
    const client = await QmpClient.open(socket);
    client.stopReading();
    const report = { type: 'stream', device: 'x', len: 1, offset: 1, speed: 0 } as const;
    const long = { event: 'BLOCK_JOB_COMPLETED', data: { ...report, error: 'x'.repeat(1_000_000) } } as const;
    for (let count = 0; count < 8; count++) monitor.hearJob(long);
    // Its place is free again: there is room for sixteen.
    const others = await Promise.all(Array.from({ length: 16 }, () => QmpClient.open(socket)));
    expect(others.map(({ lines }) => lines.length)).toEqual(others.map(() => 2));
    expect(client.lines).toHaveLength(2);
  });

  it('tells why everything ends, once, and ends every connection', async () => {
    const { socket, monitor, quits } = await scene();
    const [client, other] = [await QmpClient.open(socket), await QmpClient.open(socket)];
    expect(await client.ask('quit')).toMatchObject({ return: {} });
    expect(quits()).toBe(1);
    monitor.shutDown('host-signal');
    await Promise.all([monitor.close(), client.ended, other.ended]);
    for (const { events } of [client, other]) {
      expect(events).toMatchObject([{ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } }]);
    }
    expect(fs.existsSync(socket)).toBe(false);
  });

  it('ends also where a client never reads and an answer never comes', async () => {
    const { socket, monitor } = await scene({ layers: () => new Promise(() => {}) });
    const client = await QmpClient.open(socket);
    client.send('{"execute":"query-block"}');
    const bystander = await QmpClient.open(socket);
    await bystander.ask('query-name');
    await monitor.close();
    await client.ended;
  });
});

describe('a message that is too much', () => {
  it.each([
    ['token size', () => `"${'x'.repeat(MESSAGE_LIMITS.bytes + 1)}`],
    ['token size', () => `[${`"${'x'.repeat(1000)}",`.repeat(MESSAGE_LIMITS.bytes / 1000)}`],
    ['token count', () => `[${'1,'.repeat(MESSAGE_LIMITS.tokens / 2)}`],
    ['nesting depth', () => '['.repeat(MESSAGE_LIMITS.nesting + 1)],
  ])('is refused for its %s, and what follows is answered', async (what, message) => {
    const { socket } = await scene();
    const client = await QmpClient.open(socket);
    client.send(Buffer.from(`${message()}\xff\n${status('after')}`, 'latin1'));
    await client.until(() => client.lines.some(({ id }) => id === 'after'));
    expect(client.lines[2]).toEqual({
      error: { class: 'GenericError', desc: `JSON ${what} limit exceeded` },
    });
  });

  it('is refused piece by piece, however long it goes on', async () => {
    const { socket } = await scene();
    const client = await QmpClient.open(socket);
    const piece = 'x'.repeat(MESSAGE_LIMITS.bytes);
    client.send('"');
    for (let count = 0; count < 8; count++) client.send(piece);
    client.send(Buffer.from(`\xff\n${status('after')}`, 'latin1'));
    await client.until(() => client.lines.some(({ id }) => id === 'after'));
    const refused = client.lines.filter((line) => JSON.stringify(line).includes('limit exceeded'));
    expect(refused.length).toBeGreaterThan(1);
  });
});

describe('a monitor among clients that say anything', () => {
  const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

  /** Requests as they are, damaged, and bytes without sense; cut off anywhere. */
  function babble(seed: number): Buffer {
    const random = new SeededRandom(seed);
    const parts: Buffer[] = [];
    for (let count = random.integer(1, 30); count > 0; count--) {
      const text = random.pick([
        '{"execute":"qmp_capabilities"}',
        status(random.pick([1, 'x', null, { a: [] }])),
        '{"execute":"block-stream","arguments":{"device":"disk","speed":1}}',
        '{"execute":"stop"}{"execute":"cont"}',
        '{"execute":"job-cancel","arguments":{"id":"x"}}',
        '{'.repeat(random.integer(1, 2000)),
        `"${'\\u00'.repeat(random.integer(1, 100))}`,
        '{"__proto__":{"execute":"stop"},"execute":"constructor"}',
      ]);
      const bytes = Buffer.from(text);
      if (random.chance(0.5)) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      parts.push(
        random.chance(0.8) ? bytes : Buffer.from(Array.from({ length: 50 }, () => random.integer(0, 255))),
      );
    }
    const all = Buffer.concat(parts);
    return all.subarray(0, random.chance(0.5) ? all.length : random.integer(0, all.length));
  }

  it.each(SEEDS)('goes on serving the others (seed %i)', async (seed) => {
    const { socket } = await scene({ startStream: async () => DONE, layers: async () => ok([]) });
    const bystander = await QmpClient.open(socket);
    const client = await QmpClient.connect(socket);
    client.send(babble(seed));
    if (seed % 2 === 0) await client.finish();
    else client.kill();
    expect(await bystander.ask('query-name')).toMatchObject({ return: { name: 'Test' } });
    for (const line of client.lines.slice(1)) {
      expect(Object.keys(line).some((key) => ['return', 'error', 'event'].includes(key))).toBe(true);
    }
  });
});

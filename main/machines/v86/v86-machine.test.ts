import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { DONE, err, ok } from '../../../shared/result.ts';
import type { MachineState } from '../machine.ts';
import type { V86MachineOptions } from './options.ts';
import { V86Machine } from './v86-machine.ts';

/** A worker thread that answers as told. `post` sends to the machine, `on` receives from it. */
function thread(body: string): URL {
  const script = `
    import { parentPort } from 'node:worker_threads';
    const post = (message) => parentPort.postMessage(message);
    const on = (listener) => parentPort.on('message', listener);
    const started = () =>
      post({ kind: 'started', result: { ok: true, value: { from: 'disk', stateRefused: null } } });
    const reply = (id, result = { ok: true }) => post({ kind: 'reply', id, result });
    ${body}`;
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

const OBEDIENT = `started(); on(({ id, kind }) => { if (kind === 'request') reply(id); });`;

const machines: V86Machine[] = [];

function machine(body: string, options: Partial<V86MachineOptions> = {}) {
  const states: string[] = [];
  const self = new V86Machine({
    name: 'test',
    memoryMiB: 64,
    firmware: { bios: new Uint8Array(), vgaBios: new Uint8Array() },
    workerScript: thread(body),
    connectDisk: async () => ok(new MessageChannel().port1),
    ...options,
  });
  self.on('state', (state) => states.push(describeState(state)));
  machines.push(self);
  const reached = (wanted: string) =>
    new Promise<void>((resolve) => {
      if (describeState(self.state) === wanted) return resolve();
      const stop = self.on('state', (state) => {
        if (describeState(state) !== wanted) return;
        stop();
        resolve();
      });
    });
  return { self, states, reached };
}

function describeState(state: MachineState): string {
  switch (state.kind) {
    case 'paused':
      return `paused by ${state.by}`;
    case 'stopped':
      return `stopped: ${state.why}`;
    case 'failed':
      return `failed: ${state.failure.code}`;
    case 'saving':
      return `saving ${state.fraction}`;
    case 'created':
    case 'starting':
    case 'running':
    case 'stopping':
      return state.kind;
  }
}

afterEach(async () => {
  await Promise.all(machines.splice(0).map((self) => self.kill()));
});

describe('a v86 machine', () => {
  it('starts, stops and starts again', async () => {
    const { self, states } = machine(OBEDIENT);
    expect((await self.start()).ok).toBe(true);
    expect(await self.stop()).toEqual(DONE);
    expect((await self.start()).ok).toBe(true);
    expect(await self.kill()).toEqual(DONE);
    expect(states).toEqual([
      ...['starting', 'running', 'stopping', 'stopped: requested'],
      ...['starting', 'running', 'stopped: killed'],
    ]);
  });

  it('has failed, not just been refused, when its memory is of an impossible size', async () => {
    const { self, states } = machine(OBEDIENT, { memoryMiB: 8 });
    expect(await self.start()).toMatchObject({ failure: { code: 'invalid-argument' } });
    expect(states).toEqual(['failed: invalid-argument']);
  });

  it('stops by itself when the guest halts', async () => {
    const { self, states, reached } = machine(`${OBEDIENT} post({ kind: 'halted' });`);
    await self.start();
    await reached('stopped: guest-halted');
    expect(states.slice(-2)).toEqual(['stopping', 'stopped: guest-halted']);
  });

  it('stays on when the guest halts, where that is wanted', async () => {
    const { self } = machine(`${OBEDIENT} post({ kind: 'halted' });`, { stopWhenHalted: false });
    await self.start();
    expect(await self.pause()).toEqual(DONE);
    expect(self.state.kind).toBe('running');
  });

  it('shows who paused it, and why the disk did', async () => {
    const wait = {
      operation: 'read',
      offset: 0,
      length: 512,
      waitedMs: 3000,
      retries: 'by-itself',
    };
    const { self, states } = machine(`
      started();
      on(({ id, request }) => {
        if (request.kind === 'pause') post({ kind: 'holds', holds: ['user'] });
        if (request.kind === 'resume') {
          post({ kind: 'wait', wait: ${JSON.stringify(wait)} });
          post({ kind: 'holds', holds: ['disk'] });
        }
        reply(id);
      });`);
    await self.start();
    await self.pause();
    await self.resume();
    expect(states).toEqual(['starting', 'running', 'paused by user', 'paused by disk']);
    expect(self.wait).toEqual(wait);
  });

  it('stays paused when it cannot stop without losing data', async () => {
    const { self } = machine(`
      started();
      post({ kind: 'holds', holds: ['user'] });
      on(({ id }) => reply(id, { ok: false, failure: { code: 'no-space', message: 'full' } }));`);
    await self.start();
    expect(await self.stop()).toMatchObject({ failure: { code: 'no-space' } });
    expect(describeState(self.state)).toBe('paused by user');
  });

  it('presses Ctrl-Alt-Delete for the power button', async () => {
    const { self } = machine(`
      started();
      on(({ kind, codes }) => post({ kind: 'serial', bytes: Uint8Array.from(codes ?? []) }));`);
    const keys = new Promise((resolve) => self.on('serial', resolve));
    await self.start();
    expect(await self.powerButton()).toEqual(DONE);
    expect(await keys).toEqual(Uint8Array.of(0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d));
  });

  it('refuses commands that make no sense in its state', async () => {
    const { self } = machine(OBEDIENT);
    for (const command of ['pause', 'resume', 'reset', 'stop', 'powerButton'] as const) {
      expect(await self[command]()).toMatchObject({ failure: { code: 'invalid-argument' } });
    }
    expect(await self.kill()).toEqual(DONE);
    await self.start();
    expect(await self.start()).toMatchObject({ failure: { code: 'invalid-argument' } });
  });
});

describe('a v86 machine that is saved', () => {
  const ORDER = { file: '/tmp/a.state', contentStamp: '00'.repeat(16) };

  it('tells how far that is, and is paused afterwards', async () => {
    const { self, states } = machine(`
      started();
      on(({ id }) => {
        post({ kind: 'holds', holds: ['user'] });
        post({ kind: 'saving', fraction: 0.5 });
        reply(id, { ok: true, value: 4711 });
      });`);
    await self.start();
    expect(await self.save(ORDER)).toEqual(ok(4711));
    expect(states).toEqual(['starting', 'running', 'saving 0', 'saving 0.5', 'paused by user']);
  });

  it('is what it was when that fails', async () => {
    const { self, states } = machine(`
      started();
      on(({ id }) => {
        post({ kind: 'holds', holds: ['user'] });
        post({ kind: 'holds', holds: [] });
        reply(id, { ok: false, failure: { code: 'no-space', message: 'full' } });
      });`);
    await self.start();
    expect(await self.save(ORDER)).toMatchObject({ failure: { code: 'no-space' } });
    expect(states.slice(-2)).toEqual(['saving 0', 'running']);
  });

  it('takes no other command meanwhile, but can be killed', async () => {
    const { self } = machine(`started(); on(() => {});`);
    await self.start();
    const saving = self.save(ORDER);
    for (const command of ['pause', 'resume', 'reset', 'stop', 'powerButton'] as const) {
      expect(await self[command]()).toMatchObject({ failure: { code: 'invalid-argument' } });
    }
    expect(await self.save(ORDER)).toMatchObject({ failure: { code: 'invalid-argument' } });
    await self.kill();
    expect(await saving).toMatchObject({ failure: { code: 'closed' } });
    expect(describeState(self.state)).toBe('stopped: killed');
  });

  it('hands the state to go on from to its thread, and tells what came of it', async () => {
    const { self } = machine(`
      import { workerData } from 'node:worker_threads';
      const stateRefused = JSON.stringify(workerData.resume);
      post({ kind: 'started', result: { ok: true, value: { from: 'disk', stateRefused } } });`);
    expect(await self.start(ORDER)).toEqual(ok({ from: 'disk', stateRefused: JSON.stringify(ORDER) }));
  });
});

describe('a v86 machine that cannot go on', () => {
  it.each([
    ['its emulator throws', `started(); throw new Error('memory access out of bounds');`, 'unsupported'],
    ['its thread ends', `started(); process.exit(3);`, 'unsupported'],
    [
      'its disk is gone',
      `started(); post({ kind: 'lost', failure: { code: 'closed', message: '' } }); on(() => {});`,
      'closed',
    ],
  ])('fails when %s', async (_, body, code) => {
    const { self, reached } = machine(body);
    await self.start();
    await reached(`failed: ${code}`);
  });

  it('fails to start when the session refuses its disk', async () => {
    const { self } = machine(
      `post({ kind: 'started', result: { ok: false, failure: { code: 'read-only', message: 'no' } } });`,
    );
    expect(await self.start()).toMatchObject({ failure: { code: 'read-only' } });
    expect(describeState(self.state)).toBe('failed: read-only');
  });

  it('fails to start when the disk cannot be connected, and can be started again', async () => {
    const answers = [err('not-found', 'no such disk'), ok(new MessageChannel().port1)];
    const { self } = machine(OBEDIENT, { connectDisk: async () => answers.shift() ?? err('not-found', '') });
    expect(await self.start()).toMatchObject({ failure: { code: 'not-found' } });
    expect((await self.start()).ok).toBe(true);
  });

  it('answers who waits when it is killed', async () => {
    const { self } = machine(`started(); on(() => {});`);
    await self.start();
    const waiting = [self.pause(), self.stop()];
    expect(await self.kill()).toEqual(DONE);
    for (const result of await Promise.all(waiting))
      expect(result).toMatchObject({ failure: { code: 'closed' } });
    expect(describeState(self.state)).toBe('stopped: killed');
  });

  it('can be killed before it has started', async () => {
    const { self } = machine('await new Promise(() => setInterval(() => {}, 1000));');
    const starting = self.start();
    await self.kill();
    expect(await starting).toMatchObject({ failure: { code: 'closed' } });
    expect(describeState(self.state)).toBe('stopped: killed');
  });

  it.each([0, 15, 1025, 64.5])('refuses %d MiB of memory', async (memoryMiB) => {
    const { self } = machine(OBEDIENT, { memoryMiB });
    expect(await self.start()).toMatchObject({ failure: { code: 'invalid-argument' } });
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { err, ok, unwrap, type Err } from '../../../shared/result.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import type { ResumeOrder } from '../machine.ts';
import { loadStateFile } from '../../storage/saved-state/state-file.ts';
import { ScriptedDisk } from '../../../test/support/scripted-disk.ts';
import type { EmulatorConfig, SavedGuest } from './emulator.ts';
import { encodeGuestImage } from './guest-image.ts';
import type { FromSession, SessionCommand, SessionRequest } from './messages.ts';
import { EmulatorSession } from './emulator-session.ts';

const UNREACHABLE = err('source-unreachable', 'The server does not answer');
const FULL = err('no-space', 'The disk is full');

/** A session around a disk under the test's control; the test plays v86, and so the guest. */
async function running(disk = new ScriptedDisk(65_536), resume: ResumeOrder | null = null) {
  const clock = new SimulatedClock();
  const messages: FromSession[] = [];
  const engine: string[] = [];
  let config: EmulatorConfig | undefined;
  const session = new EmulatorSession({
    clock,
    nowMs: () => 1_700_000_000_000 + clock.now(),
    random: (bytes) => new Uint8Array(bytes).fill(0xab),
    emulator: 'test',
    name: 'guest',
    limits: { noticeMs: 1000, pauseMs: 3000 },
    device: disk,
    post: (message) => messages.push(message),
    createEmulator: async (given) => {
      config = given;
      return {
        run: async () => void engine.push('run'),
        stop: async () => void engine.push('stop'),
        restart: () => void engine.push('restart'),
        sendSerial: (bytes) => void engine.push(`serial ${Buffer.from(bytes).toString()}`),
        sendScancodes: (codes) => void engine.push(`keys ${codes.join()}`),
        unreadScancodes: () => 0,
        unreadSerialBytes: () => 0,
        sendHostLine: (bytes) => void engine.push(`told ${Buffer.from(bytes).toString()}`),
        save: async () => saved,
        display: {
          restarted: () => undefined,
          refresh: () => undefined,
          movePointer: () => undefined,
          placePointer: () => undefined,
          pressButtons: () => undefined,
          turnWheel: () => undefined,
        },
        instructions: () => 1,
      };
    },
  });
  await session.start(
    { memoryMiB: 64, bios: new Uint8Array(), vgaBios: new Uint8Array(), wasmPath: '' },
    resume,
  );
  if (!config) return { clock, messages, engine, disk, session } as never;
  let ids = 0;
  const command = (name: SessionCommand) => ask({ kind: name });
  const ask = async (request: SessionRequest) => {
    const id = ids++;
    session.receive({ kind: 'request', id, request });
    for (;;) {
      await clock.advance(1);
      const reply = messages.find((message) => message.kind === 'reply' && message.id === id);
      if (reply?.kind === 'reply') return reply.result;
    }
  };
  const waits = () => messages.flatMap((message) => (message.kind === 'wait' ? [message.wait] : []));
  return { clock, messages, engine, disk, session, drive: config.drive, config, command, ask, waits };
}

const saved: SavedGuest = {
  machine: new Uint8Array([1, 2, 3]),
  around: { clockMs: 4711, unread: [[104, 105], []] },
};

const sector = (value: number) => new Uint8Array(512).fill(value);

describe("the guest's drive", () => {
  it('reads what was written', async () => {
    const { drive, clock } = await running();
    const data = await clock.run(
      new Promise<Uint8Array>((resolve) => drive.set(512, sector(7), () => drive.get(512, 512, resolve))),
    );
    expect(data).toEqual(sector(7));
  });

  it('shows a read the write before it that is not stored yet', async () => {
    const { drive, disk, clock } = await running();
    disk.hold('write');
    drive.set(1024, sector(1), () => undefined);
    drive.set(1024, sector(2), () => undefined);
    const seen: number[] = [];
    drive.get(512, 1024, (data) => seen.push(data[512] ?? -1));
    drive.get(4096, 512, (data) => seen.push(data[0] ?? -1));
    await clock.advance(1);
    expect(seen).toEqual([0]); // the one that touches no write went ahead
    disk.release('write');
    await clock.advance(1);
    expect(seen).toEqual([0, 2]);
    expect(disk.log.filter((line) => line.startsWith('write'))).toHaveLength(2);
  });

  it('copies the data of a write before it returns', async () => {
    const { drive, disk, clock } = await running();
    const controllerBuffer = sector(3);
    drive.set(0, controllerBuffer, () => undefined);
    controllerBuffer.fill(9);
    await clock.advance(1);
    expect(disk.bytes[0]).toBe(3);
  });

  it('never answers a read that the guest gave up', async () => {
    const { drive, disk, clock, waits } = await running();
    disk.hold('read');
    const giveUp = new AbortController();
    let answered = false;
    drive.get(0, 512, () => (answered = true), { signal: giveUp.signal });
    await clock.advance(1500);
    giveUp.abort();
    disk.release('read');
    await clock.advance(10);
    expect(answered).toBe(false);
    expect(waits().at(-1)).toBeNull();
  });

  it('keeps the first sector for the geometry', async () => {
    const { drive, disk, clock } = await running();
    disk.bytes.fill(5, 0, 512);
    expect(drive.get_from_cache(0, 512)).toBeUndefined();
    await clock.run(new Promise((resolve) => drive.get_and_cache(0, 512, resolve)));
    expect(drive.get_from_cache(0, 512)).toEqual(sector(5));
    expect(drive.get_from_cache(512, 512)).toBeUndefined();
  });
});

describe('a disk that fails under a running guest', () => {
  it('is read again until it answers, with the guest paused', async () => {
    const { drive, disk, clock, engine, waits } = await running();
    disk.fail('read', ...Array<Err>(6).fill(UNREACHABLE));
    let answered = '';
    drive.get(0, 512, () => (answered = engine.join(' ')));
    await clock.advance(10);
    expect(waits()).toMatchObject([{ operation: 'read', failure: { code: 'source-unreachable' } }]);
    await clock.advance(20_000);
    expect(answered).toBe('run stop');
    expect(engine).toEqual(['run', 'stop', 'run']);
    expect(waits().at(-1)).toBeNull();
  });

  it('keeps a write that cannot be stored and tries it again on resume', async () => {
    const { drive, disk, clock, engine, command } = await running();
    disk.fail('write', FULL, FULL);
    let stored = false;
    drive.set(0, sector(4), () => (stored = true));
    await clock.advance(60_000);
    expect([stored, engine.at(-1)]).toEqual([false, 'stop']);
    await command('resume');
    await clock.advance(10);
    expect([stored, engine.at(-1)]).toEqual([false, 'stop']);
    await command('resume');
    await clock.advance(10);
    expect([stored, engine.at(-1), disk.bytes[0]]).toEqual([true, 'run', 4]);
  });

  it('pauses the guest when a flush fails, and tries again on resume', async () => {
    const { drive, disk, clock, engine, command, waits } = await running();
    disk.fail('flush', FULL);
    drive.set(0, sector(4), () => undefined);
    await clock.advance(1000);
    expect(waits()).toMatchObject([
      { operation: 'flush', failure: { code: 'no-space' }, retries: 'on-resume' },
    ]);
    expect(engine.at(-1)).toBe('stop');
    await command('resume');
    await clock.advance(10);
    expect(engine.at(-1)).toBe('run');
    expect(disk.log).toEqual(['write 0+512', 'flush']);
  });

  it('is the end of the session when it is closed', async () => {
    const { drive, disk, clock, messages } = await running();
    await disk.close();
    drive.get(0, 512, () => undefined);
    await clock.advance(1);
    expect(messages.find(({ kind }) => kind === 'lost')).toMatchObject({ failure: { code: 'closed' } });
  });
});

describe('commands to a running session', () => {
  it('pause makes the disk durable, resume goes on', async () => {
    const { drive, disk, engine, command } = await running();
    drive.set(0, sector(1), () => undefined);
    expect(await command('pause')).toEqual(ok(undefined));
    expect(disk.log).toEqual(['write 0+512', 'flush']);
    expect(engine).toEqual(['run', 'stop']);
    await command('resume');
    expect(engine).toEqual(['run', 'stop', 'run']);
  });

  it('stay paused for the user when the disk answers again', async () => {
    const { drive, disk, clock, engine, command } = await running();
    disk.hold('read');
    drive.get(0, 512, () => undefined);
    await clock.advance(4000);
    await command('pause');
    disk.release('read');
    await clock.advance(1000);
    expect(engine).toEqual(['run', 'stop']);
  });

  it('stop waits for the write in flight, flushes, and closes the disk', async () => {
    const { drive, disk, clock, engine, command } = await running();
    disk.hold('write');
    drive.set(0, sector(1), () => undefined);
    const stopping = command('stop');
    await clock.advance(500);
    expect(disk.closed).toBe(false);
    disk.release('write');
    expect((await stopping).ok).toBe(true);
    expect(disk.log).toEqual(['write 0+512', 'flush']);
    expect([disk.closed, engine.at(-1)]).toEqual([true, 'stop']);
  });

  it('stop does not wait for a read that may never be answered', async () => {
    const { drive, disk, clock, command } = await running();
    disk.hold('read');
    drive.get(0, 512, () => expect.unreachable());
    await clock.advance(10_000);
    expect((await command('stop')).ok).toBe(true);
    disk.release('read');
    await clock.advance(10);
  });

  it('stop fails, and loses nothing, when a write cannot be stored', async () => {
    const { drive, disk, clock, command } = await running();
    disk.fail('write', FULL, FULL);
    let stored = false;
    drive.set(0, sector(8), () => (stored = true));
    await clock.advance(10);
    expect(await command('stop')).toMatchObject({ failure: { code: 'no-space' } });
    expect(disk.closed).toBe(false);
    expect((await command('stop')).ok).toBe(true);
    expect([stored, disk.bytes[0], disk.closed]).toEqual([true, 8, true]);
  });

  it('stop that fails leaves the guest the read it waits for', async () => {
    const { drive, disk, clock, command } = await running();
    disk.fail('write', FULL, FULL);
    drive.set(0, sector(8), () => undefined);
    let seen: number | undefined;
    drive.get(0, 512, (data) => (seen = data[0]));
    await clock.advance(10);
    expect((await command('stop')).ok).toBe(false);
    await command('resume');
    await clock.advance(10);
    expect(seen).toBe(8);
  });

  it('reset restarts the emulator while nothing is in flight', async () => {
    const { drive, disk, clock, engine, command } = await running();
    disk.hold('read');
    drive.get(0, 512, () => expect.unreachable());
    drive.set(4096, sector(1), () => undefined);
    await clock.advance(1);
    expect((await command('reset')).ok).toBe(true);
    disk.release('read');
    await clock.advance(10);
    expect(engine).toEqual(['run', 'stop', 'restart', 'run']);
    expect(disk.log.slice(0, 2)).toEqual(['write 4096+512', 'flush']);
  });

  it('pass input on', async () => {
    const { session, engine, clock, messages } = await running();
    session.receive({ kind: 'serial', bytes: Buffer.from('ls\r') });
    session.receive({ kind: 'scancodes', codes: [1, 129] });
    session.receive({ kind: 'request', id: 7, request: { kind: 'type', text: 'xß' } });
    await clock.advance(100);
    expect(engine.slice(1)).toEqual(['serial ls\r', 'keys 1,129', 'keys 45', 'keys 173']);
    expect(messages).toContainEqual({ kind: 'reply', id: 7, result: { ok: true, value: { left: 1 } } });
  });
});

describe('saving a guest', () => {
  const STAMP = 'c0'.repeat(16);
  const orderFor = (folder: string) => ({ file: path.join(folder, 'a.state'), contentStamp: STAMP });

  async function saving() {
    const run = await running();
    const order = orderFor(tempFolder());
    // Files are real: their time does not pass in the simulated clock.
    const save = async () => {
      const id = 1000;
      run.session.receive({ kind: 'request', id, request: { kind: 'save', order } });
      return vi.waitFor(async () => {
        await run.clock.advance(200);
        const reply = run.messages.findLast((message) => message.kind === 'reply' && message.id === id);
        if (reply?.kind !== 'reply') throw new Error('no reply yet');
        return reply.result;
      }, 10_000);
    };
    return { ...run, order, save };
  }

  it('happens while it stands still, when all it wrote is durable, and leaves it paused', async () => {
    const { drive, disk, engine, config, order, save, messages } = await saving();
    for (const byte of Buffer.from('headwater-guest 1\n')) config.onHostLineByte(byte);
    drive.set(0, sector(1), () => undefined);
    const fileBytes = unwrap(await save());
    expect(disk.log).toEqual(['write 0+512', 'flush']);
    expect(engine).toEqual(['run', 'stop']);
    expect(fs.statSync(order.file).size).toBe(fileBytes);
    expect(messages).toContainEqual({ kind: 'saving', fraction: 1 });
    expect(messages.findLast(({ kind }) => kind === 'holds')).toEqual({ kind: 'holds', holds: ['user'] });
    const fit = { emulator: 'test', memoryMiB: 64, diskBytes: 65_536, contentStamp: STAMP };
    const reading = unwrap(await loadStateFile(order.file, fit));
    const image = { machine: saved.machine, around: { ...saved.around, listens: true, printed: '' } };
    expect(reading).toMatchObject({
      fits: true,
      state: Uint8Array.from(Buffer.concat(encodeGuestImage(image))),
    });
  });

  it('waits for a read, but not for one that may never be answered', async () => {
    const { drive, disk, clock, save } = await saving();
    disk.hold('read');
    let answered = false;
    drive.get(0, 512, () => (answered = true));
    await clock.advance(1);
    expect((await save()).ok).toBe(true);
    expect(answered).toBe(false);
    disk.release('read');
    await clock.advance(10);
    expect(answered).toBe(true);
  });

  it('does not happen while a write cannot be stored; the guest goes on and loses nothing', async () => {
    const { drive, disk, clock, engine, order, save, command } = await saving();
    disk.fail('write', FULL, FULL);
    let stored = false;
    drive.set(0, sector(4), () => (stored = true));
    await clock.advance(10);
    expect(await save()).toMatchObject({ failure: { code: 'no-space' } });
    expect(fs.existsSync(order.file)).toBe(false);
    await command('resume');
    await clock.advance(10);
    expect([stored, engine.at(-1)]).toEqual([true, 'run']);
  });

  it('that fails leaves a guest as it was: running or paused', async () => {
    const { engine, order, save, command } = await saving();
    fs.writeFileSync(order.file, 'somebody else’s');
    expect(await save()).toMatchObject({ failure: { code: 'already-exists' } });
    expect(engine).toEqual(['run', 'stop', 'run']);
    await command('pause');
    expect(await save()).toMatchObject({ failure: { code: 'already-exists' } });
    expect(engine).toEqual(['run', 'stop', 'run', 'stop']);
    expect(fs.readFileSync(order.file, 'utf8')).toBe('somebody else’s');
  });

  it('is what a start can go on from', async () => {
    const { config: first, order, save } = await saving();
    for (const byte of Buffer.from('login: ')) first.onSerialByte(byte);
    unwrap(await save());
    const { config, messages } = await running(new ScriptedDisk(65_536), order);
    const around = { ...saved.around, listens: false, printed: 'login: ' };
    expect(config.restore).toEqual({ ...saved, around });
    const result = { ok: true, value: { from: 'saved-state', stateRefused: null } };
    expect(messages).toContainEqual({ kind: 'started', result });
    // Who looks at the serial port sees what was there.
    expect(messages).toContainEqual({ kind: 'serial', bytes: Uint8Array.from(Buffer.from('login: ')) });
  });

  it.each<[string, Partial<ResumeOrder>, RegExp]>([
    ['is missing', { file: '/nowhere/a.state' }, /missing/],
    ['belongs to another moment of the disk', { contentStamp: null }, /the disk was written/],
  ])('a state that %s is refused, and the machine starts from its disk', async (_, change, why) => {
    const { order, save } = await saving();
    unwrap(await save());
    const { config, messages } = await running(new ScriptedDisk(65_536), { ...order, ...change });
    expect(config.restore).toBeNull();
    const stateRefused = expect.stringMatching(why) as string;
    const result = { ok: true, value: { from: 'disk', stateRefused } };
    expect(messages).toContainEqual({ kind: 'started', result });
  });

  it('a state that cannot be read now keeps the machine from starting: it may be readable later', async () => {
    const order = { file: tempFolder(), contentStamp: STAMP };
    const { messages } = await running(new ScriptedDisk(65_536), order);
    expect(messages).toMatchObject([{ kind: 'started', result: { failure: { code: 'invalid-argument' } } }]);
  });
});

describe("the guest's own flush", () => {
  it('is answered when everything written before it is durable', async () => {
    const { drive, disk, clock, config } = await running();
    disk.hold('write');
    drive.set(0, sector(1), () => undefined);
    let flushed = false;
    void config.flush().then(() => (flushed = true));
    await clock.advance(100);
    expect(flushed).toBe(false);
    disk.release('write');
    await clock.advance(1);
    expect(flushed).toBe(true);
    expect(disk.log).toEqual(['write 0+512', 'flush']);
  });

  it('waits for the user while it fails', async () => {
    const { drive, disk, clock, config, engine, command } = await running();
    disk.fail('flush', FULL);
    drive.set(0, sector(1), () => undefined);
    await clock.advance(1);
    let flushed = false;
    void config.flush().then(() => (flushed = true));
    await clock.advance(100);
    expect([flushed, engine.at(-1)]).toEqual([false, 'stop']);
    await command('resume');
    await clock.advance(10);
    expect([flushed, engine.at(-1)]).toEqual([true, 'run']);
  });
});

describe('disks that v86 cannot show to a guest', () => {
  it.each([
    ['of no whole number of sectors', new ScriptedDisk(1000), 'unsupported'],
    ['that are empty', new ScriptedDisk(0), 'unsupported'],
    ['that are too large', Object.assign(new ScriptedDisk(512), { lengthBytes: 2 ** 42 }), 'unsupported'],
    ['that are read-only', Object.assign(new ScriptedDisk(512), { readOnly: true }), 'read-only'],
  ])('are refused: those %s', async (_, disk, code) => {
    const { messages } = await running(disk);
    expect(messages).toMatchObject([{ kind: 'started', result: { failure: { code } } }]);
  });
});

describe('what the guest says', () => {
  it('is delivered in batches, and before the news that it halted', async () => {
    const { clock, config, messages } = await running();
    const say = (text: string) => {
      for (const byte of Buffer.from(text)) config.onSerialByte(byte);
    };
    say('hello ');
    say('world');
    await clock.advance(1);
    say('bye');
    config.onHalted();
    const said = messages.filter(({ kind }) => kind === 'serial' || kind === 'halted');
    expect(said).toEqual([
      { kind: 'serial', bytes: new Uint8Array(Buffer.from('hello world')) },
      { kind: 'serial', bytes: new Uint8Array(Buffer.from('bye')) },
      { kind: 'halted' },
    ]);
  });
});

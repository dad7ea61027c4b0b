import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import { DONE, err, unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { MemorySource, publishInMemory } from '../../../test/support/memory-master.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SimulatedClock, until } from '../../../test/support/simulated-clock.ts';
import { ScriptedServer, content } from '../../../test/support/scripted-server.ts';
import { httpSource } from './http-source.ts';
import { VerifiedDevice } from './verified-device.ts';

const opened: VerifiedDevice[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) unwrap(await device.close());
});

const DISK = content(0, 4 * MIB);
const never = () => new Promise<void>(() => {});

async function openOn(...names: readonly string[]) {
  const master = await publishInMemory(DISK);
  const clock = new SimulatedClock();
  const sources = names.map((name) => new MemorySource(name, master));
  const device = unwrap(
    await clock.run(VerifiedDevice.open(master.description, sources, { clock, random: () => 0.5 })),
  );
  opened.push(device);
  /** Reads, and tells how long it took in simulated milliseconds. */
  const read = async (offset: number, target: Uint8Array) => {
    const startMs = clock.now();
    const result = await clock.run(device.read(offset, target));
    return { result, tookMs: clock.now() - startMs };
  };
  const [first, second, third] = sources;
  if (first === undefined || second === undefined) throw new Error('two sources at least');
  return { clock, sources, first, second, third: third ?? second, device, read };
}

const isRight = (target: Uint8Array, offset: number) =>
  Buffer.compare(target, DISK.subarray(offset, offset + target.length)) === 0;

describe('a mirror that holds what it was asked for', () => {
  it('is not waited for when another has it', async () => {
    const { first, device, read } = await openOn('drips/', 'honest/');
    first.gate = never;
    const target = new Uint8Array(CHUNK_BYTES);
    expect(await read(0, target)).toEqual({ result: DONE, tookMs: 2000 });
    expect(isRight(target, 0)).toBe(true);
    expect(device.mirrors()).toMatchObject([
      {
        state: 'resting',
        fault: {
          kind: 'late',
          failure: {
            code: 'source-unreachable',
            message: 'drips/: it takes long; honest/ was asked later and answered earlier',
          },
        },
      },
      { state: 'good', fault: null },
    ]);
    expect(await read(CHUNK_BYTES, target)).toEqual({ result: DONE, tookMs: 0 });
  });

  it('is not waited for when it is a server that sends a byte now and then', async () => {
    const master = await publishInMemory(DISK);
    const clock = new SimulatedClock();
    const drips = await ScriptedServer.start((request) => {
      const drop = () => {
        request.socket.write('H');
        clock.after(10_000, drop);
      };
      drop();
      return undefined;
    });
    const source = unwrap(httpSource(drips.url('/'), { clock }));
    const honest = new MemorySource('honest/', master);
    const target = new Uint8Array(MIB);
    const reading = (async () => {
      const device = unwrap(
        await VerifiedDevice.open(master.description, [source, honest], { clock, random: () => 0.5 }),
      );
      opened.push(device);
      return device.read(0, target);
    })();
    await until(() => drips.requests.length === 1);
    await clock.advance(2000);
    expect(await reading).toEqual(DONE);
    expect(isRight(target, 0)).toBe(true);
    drips.close();
  });

  it('does not write into what another has filled', async () => {
    const { clock, first, read } = await openOn('late/', 'honest/');
    first.gate = () => clock.delay(5000);
    first.spoil = (_file, _offset, bytes) => bytes.fill(0xee);
    const target = new Uint8Array(MIB);
    expect((await read(0, target)).result).toEqual(DONE);
    await clock.advance(60_000);
    expect(isRight(target, 0)).toBe(true);
  });

  it('is right after all where those asked later take even longer', async () => {
    const { clock, first, second, device, read } = await openOn('late/', 'later/');
    first.gate = () => clock.delay(5000);
    second.gate = never;
    const target = new Uint8Array(MIB);
    expect(await read(0, target)).toEqual({ result: DONE, tookMs: 5000 });
    expect(isRight(target, 0)).toBe(true);
    expect(device.mirrors()).toMatchObject([{ state: 'good' }, { fault: null }]);
  });

  it('costs its patience once for each of several such', async () => {
    const { first, second, read } = await openOn('drips/', 'drips too/', 'honest/');
    first.gate = second.gate = never;
    expect(await read(0, new Uint8Array(MIB))).toEqual({ result: DONE, tookMs: 4000 });
  });

  it('is helped by one that rests, once that has rested', async () => {
    const { first, second, read } = await openOn('drips/', 'lost for a moment/');
    second.fault = () => err('source-unreachable', 'gone').failure;
    first.fault = second.fault;
    expect((await read(0, new Uint8Array(CHUNK_BYTES))).result.ok).toBe(false);
    first.fault = second.fault = () => null;
    first.gate = never;
    const { result, tookMs } = await read(0, new Uint8Array(CHUNK_BYTES));
    expect([result, tookMs <= 4000]).toEqual([DONE, true]);
  });

  it('is not taken for one when its line is known to be slow', async () => {
    const { clock, first, second, read } = await openOn('modem/', 'another modem/');
    for (const source of [first, second]) {
      source.gate = () => clock.delay(10_000);
      source.sample = { timeToFirstByteMs: 200, totalMs: 10_000 };
    }
    // The first reads measure both; from then on nothing is asked twice.
    for (let chunk = 0; chunk < 4; chunk++) await read(chunk * CHUNK_BYTES, new Uint8Array(CHUNK_BYTES));
    const before = first.reads.length + second.reads.length;
    for (let chunk = 4; chunk < 12; chunk++) await read(chunk * CHUNK_BYTES, new Uint8Array(CHUNK_BYTES));
    expect(first.reads.length + second.reads.length - before).toBe(8);
  });

  it('ends, when the device is closed, like every other', async () => {
    const { clock, first, second, device } = await openOn('drips/', 'drips too/');
    let release = () => {};
    first.gate = second.gate = () => new Promise((resolve) => (release = resolve));
    const reading = device.read(0, new Uint8Array(CHUNK_BYTES));
    await clock.advance(3000);
    await device.close();
    release();
    expect(await reading).toMatchObject({ failure: { code: 'closed' } });
  });
});

describe('mirrors of which one is honest', () => {
  /** Patience for each of three others, and what resting adds before a read that failed is tried anew. */
  const LONGEST_MS = 10 * 60_000;

  it('serve every read in bounded time, with the right bytes', async () => {
    const master = await publishInMemory(DISK);
    const vices = fc.constantFrom('holds', 'drips', 'lies', 'fails', 'all of it');
    const stories = fc.record({
      seed: fc.nat(),
      vices: fc.array(vices, { minLength: 1, maxLength: 3 }),
      honestAt: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(stories, async ({ seed, vices, honestAt }) => {
        const random = new SeededRandom(seed);
        const clock = new SimulatedClock();
        const bad = vices.map((vice, index) => {
          const source = new MemorySource(`${vice} ${index}/`, master);
          const has = (one: string) => vice === one || (vice === 'all of it' && random.chance(0.3));
          source.gate = async () => {
            if (has('holds')) await never();
            if (has('drips')) await clock.delay(random.integer(1000, 10_000_000));
          };
          source.fault = () => (has('fails') ? err('source-unreachable', 'not now').failure : null);
          source.spoil = (_file, _offset, bytes) => {
            if (has('lies')) bytes.fill(0xee, random.integer(0, bytes.length - 1));
          };
          return source;
        });
        const honest = new MemorySource('honest/', master);
        honest.gate = () => clock.delay(random.integer(1, 500));
        const sources = bad.toSpliced(honestAt, 0, honest);
        const work = (async () => {
          const device = unwrap(
            await VerifiedDevice.open(master.description, sources, { clock, random: () => random.next() }),
          );
          for (let count = 0; count < 8; count++) {
            const offset = random.integer(0, DISK.length - 1);
            const target = new Uint8Array(random.integer(1, Math.min(MIB, DISK.length - offset)));
            const startMs = clock.now();
            expect(await device.read(offset, target)).toEqual(DONE);
            expect(clock.now() - startMs).toBeLessThan(LONGEST_MS);
            expect(isRight(target, offset)).toBe(true);
          }
          expect(device.mirrors().find(({ name }) => name === 'honest/')?.fault).toBeNull();
          await device.close();
        })();
        await clock.run(work);
      }),
      { numRuns: 100 },
    );
    expect(master.files[MASTER_FILES.disk]?.length).toBe(DISK.length);
  });
});

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { Babble, RequestMaker } from '../../test/support/nbd-babble.ts';
import { ExportModel, type ModelRequest } from '../../test/support/nbd-model.ts';
import { serveNbd } from '../../test/support/nbd-served.ts';
import { NbdTalker } from '../../test/support/nbd-talker.ts';
import { pattern } from '../../test/support/qed-disk.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { until } from '../../test/support/simulated-clock.ts';
import { StrictDevice } from '../../test/support/strict-device.ts';
import { COMMAND, CONTEXT } from '../block/nbd/protocol.ts';
import { DEFAULT_BLOCK_SIZES, type BlockSizes } from './export.ts';

const LENGTH_BYTES = 2 * MIB + 1536;
/** What of one client may be under way at a time; a single request may be as long as the disk. */
const MOST_BYTES = 4 * MIB + LENGTH_BYTES;
const COARSE: BlockSizes = { minimum: 512, preferred: 4096, maximum: MIB };

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a server asked for anything, right or wrong, by a client that keeps to the form', () => {
  it.each(seeds(60))(
    'answers each request once, as the protocol says, and does that alone (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const readOnly = random.chance(0.2);
      const device = new StrictDevice(pattern(LENGTH_BYTES, seed), random, readOnly && random.chance(0.5));
      const fastZeroes = random.chance(0.5);
      const blockSizes = random.chance(0.3) ? COARSE : DEFAULT_BLOCK_SIZES;
      const { socket } = await serveNbd([{ name: '', device, readOnly, fastZeroes, blockSizes }]);
      const structured = random.chance(0.8);
      const asksStatus = structured && random.chance(0.7);
      const contexts = asksStatus ? [CONTEXT.allocation] : [];
      const talker = await NbdTalker.open(socket, { structured, contexts });
      const { minimum: minimumBytes, maximum: maximumBytes } = blockSizes;
      const model = new ExportModel(device, {
        ...{ structured, asksStatus, readOnly, fastZeroes, minimumBytes, maximumBytes },
      });
      const maker = new RequestMaker(random, LENGTH_BYTES, minimumBytes);

      for (let batches = 0; batches < 12; batches++) {
        const open = new Map<bigint, ModelRequest>();
        for (const request of maker.batch()) open.set(talker.send(request), request);
        while (open.size > 0) {
          const [cookie, answer] = await talker.nextAnswer();
          const request = open.get(cookie);
          if (request === undefined) expect.fail(`an answer to nothing that was asked: ${cookie}`);
          open.delete(cookie);
          const { command, flags, offset, length } = request;
          const asked = { command, flags, offset, length };
          expect({ ...asked, wrong: model.judge(request, answer) }).toEqual({ ...asked, wrong: null });
        }
        expect(
          Buffer.compare(device.bytes, model.bytes),
          'the disk holds what was written, and else what it held',
        ).toBe(0);
      }
      talker.send({ command: COMMAND.disconnect });
      await talker.closed;
      expect(talker.unreadBytes).toBe(0);
      expect(device.faults).toEqual([]);
      expect(device.peakBytes).toBeLessThanOrEqual(MOST_BYTES);
    },
  );
});

describe('a server among clients that talk nonsense', () => {
  it.each(seeds(150))('serves the others, and nothing stays behind (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const device = new StrictDevice(pattern(LENGTH_BYTES, seed + 1), random);
    const precious = new StrictDevice(pattern(LENGTH_BYTES, seed), random, true);
    const before = precious.bytes.slice();
    const { socket, server } = await serveNbd([
      { name: '', device, fastZeroes: seed % 2 === 0 },
      { name: 'disk', device: precious },
    ]);
    const good = await NbdTalker.open(socket, { exportName: 'disk' });
    const babble = new Babble(seed, LENGTH_BYTES);
    const client = net.connect(socket);
    client.on('error', () => {});
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.resume();
    await once(client, 'connect');
    for (const piece of babble.pieces(babble.conversation())) {
      if (client.destroyed) break;
      client.write(piece);
      if (seed % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    client.end();
    await closed;
    await until(() => server.clients === 1);
    const { error, data } = await good.read(0, LENGTH_BYTES);
    expect(error).toBe(0);
    expect(Buffer.compare(data, before)).toBe(0);
    expect(Buffer.compare(precious.bytes, before)).toBe(0);
    expect([...device.faults, ...precious.faults]).toEqual([]);
    expect(device.peakBytes).toBeLessThanOrEqual(MOST_BYTES);
  });
});

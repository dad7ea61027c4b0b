import { describe, expect, it } from 'vitest';
import { serveNbd } from '../../../test/support/nbd-served.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { WatchedDevice } from '../../../test/support/watched-device.ts';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { describeBlockDevice } from '../device.conformance.ts';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import { openNbdDevice } from './nbd-device.ts';

describeBlockDevice('an NBD export of our own', {
  make: async (content) => {
    const { uri } = await serveNbd([{ name: 'disk', device: MemoryDevice.of(content), fastZeroes: true }]);
    return unwrap(await openNbdDevice(uri('disk'), { clock: systemClock, readOnly: false }));
  },
});

describeBlockDevice('an NBD export of whole sectors', {
  make: async (content) => {
    const blockSizes = { minimum: 512, preferred: 4096, maximum: 64 * 1024 };
    const { uri } = await serveNbd([{ name: '', device: MemoryDevice.of(content), blockSizes }]);
    return unwrap(await openNbdDevice(uri(), { clock: systemClock, readOnly: false }));
  },
});

describeBlockDevice('a read-only NBD export', {
  make: async (content) => {
    const { uri } = await serveNbd([{ name: '', device: MemoryDevice.of(content), readOnly: true }]);
    return unwrap(await openNbdDevice(uri(), { clock: systemClock }));
  },
});

describe('an NBD export that takes long to write', () => {
  async function open() {
    const disk = new WatchedDevice(MIB);
    const { uri } = await serveNbd([{ name: '', device: disk }]);
    const clock = new SimulatedClock();
    return { disk, clock, device: unwrap(await openNbdDevice(uri(), { clock, readOnly: false })) };
  }

  it('has its time for a MiB over the line of a modem', async () => {
    const { disk, clock, device } = await open();
    disk.hold('write');
    const written = device.write(0, new Uint8Array(MIB));
    await clock.advance(250_000);
    disk.release('write');
    expect(await written).toEqual(DONE);
  });

  it('has its time to store what it has in memory', async () => {
    const { disk, clock, device } = await open();
    disk.hold('flush');
    const flushed = device.flush();
    await clock.advance(600_000);
    disk.release('flush');
    expect(await flushed).toEqual(DONE);
  });

  it('is given up in the end', async () => {
    const { disk, clock, device } = await open();
    disk.hold('flush');
    const flushed = device.flush();
    await clock.advance(700_000);
    expect(await flushed).toMatchObject({ failure: { code: 'source-unreachable' } });
    disk.release('flush');
  });
});

import { serveNbd } from '../../../test/support/nbd-served.ts';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
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

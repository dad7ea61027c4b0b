import { describe } from 'vitest';
import { streamJobCases } from '../../../test/support/iotest-030.ts';
import { MemoryFixture } from '../../../test/support/memory-fixture.ts';

describe('iotest 030 on overlays in memory', () => {
  streamJobCases(async () => new MemoryFixture());
});

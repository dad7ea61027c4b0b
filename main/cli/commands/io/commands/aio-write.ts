import type { Call } from '../call.ts';
import type { GivenOptions } from '../given-options.ts';
import type { IoCommand } from '../io-command.ts';
import { reportStyle, reportTransfer } from '../report.ts';
import { fillRange } from '../transfer.ts';
import { vectorRange, type VectorRange } from '../vector.ts';
import { rangeOperands } from '../word-checks.ts';

export const aioWrite: IoCommand = {
  name: 'aio_write',
  synopsis: '[-Cfiquz] [-P pattern] off len [len..]',
  summary: 'asynchronously writes a number of bytes',
  help: `
 Starts a write like writev's and goes on with the next command: any number can
 be under way. The outcome is printed when it is known, at the latest by
 aio_flush, and does not count as this command's failure.
 -P, -- the byte to write
 -C, -- statistics as comma-separated values
 -f, -- make it durable before it ends
 -i, -- only pretend: say that an invalid request is made, and make none
 -q, -- no statistics
 -u, -- with -z: space may be given back
 -z, -- zeroes, stored as cheaply as the format allows
`,
  words: [2, null],
  needs: 'writable disk',
  async run(call, disk) {
    const { session } = call;
    const given = call.options('CfiP:quz', { P: call.pattern }, 'i');
    if (given === false) return false;
    if (given.has('i')) {
      session.out('injecting invalid write request\n');
      return true;
    }
    const range = rangeOf(call, given);
    if (range === false) return false;
    const { offset, length } = range;
    const durable = given.has('f');
    const write = () =>
      given.has('z')
        ? disk.writeZeroes(offset, length, durable)
        : fillRange(disk, offset, length, given.number('P') ?? undefined, durable);
    session.aio.start(async () => {
      const performed = await session.measure(write);
      if (!performed.ok) return () => session.failed('aio_write', performed);
      const { elapsedMs } = performed.value;
      return () => reportTransfer(session, 'wrote', offset, length, elapsedMs, reportStyle(given));
    });
    return true;
  },
};

function rangeOf(call: Call, given: GivenOptions): VectorRange | false {
  const { operands } = given;
  if (operands.length < 2) return call.misused();
  if (given.has('z') && operands.length > 2) return call.refuse('-z supports only a single length parameter');
  if (given.has('u') && !given.has('z')) return call.refuse('-u requires -z to be specified');
  // Zeroes need no memory, so their length has no limit.
  return given.has('z') ? rangeOperands(call, operands) : vectorRange(call, operands);
}

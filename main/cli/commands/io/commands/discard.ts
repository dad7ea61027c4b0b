import type { IoCommand } from '../io-command.ts';
import { MAX_REQUEST_BYTES } from '../limits.ts';
import { reportStyle, reportTransfer } from '../report.ts';
import { rangeOperands } from '../word-checks.ts';

export const discard: IoCommand = {
  name: 'discard',
  alias: 'd',
  synopsis: '[-Cq] off len',
  summary: 'discards a number of bytes at a specified offset',
  help: `
 Says that nobody needs the content of a range any more. Afterwards it reads as
 before or as zeroes.
 -C, -- statistics as comma-separated values
 -q, -- no statistics
`,
  words: [2, null],
  needs: 'writable disk',
  async run(call, disk) {
    const { session } = call;
    const given = call.options('Cq');
    const range = given && rangeOperands(call, given.operands);
    if (given === false || range === false) return false;
    const { offset, length } = range;
    if (length > MAX_REQUEST_BYTES) {
      return call.refuse(`length cannot exceed ${MAX_REQUEST_BYTES}, given ${given.operands[1] ?? ''}`);
    }
    const performed = await session.perform(() => disk.discard(offset, length));
    if (!performed.ok) return session.failed('discard', performed);
    reportTransfer(session, 'discard', offset, length, performed.value.elapsedMs, reportStyle(given));
    return true;
  },
};

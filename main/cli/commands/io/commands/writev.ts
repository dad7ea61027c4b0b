import type { IoCommand } from '../io-command.ts';
import { reportStyle, reportTransfer } from '../report.ts';
import { fillRange } from '../transfer.ts';
import { vectorRange } from '../vector.ts';

export const writev: IoCommand = {
  name: 'writev',
  synopsis: '[-Cfq] [-P pattern] off len [len..]',
  summary: 'writes a number of bytes at a specified offset',
  help: `
 Writes one range of the image in one request, its length given in parts:
 'writev 64k 512 512' writes 1 KiB. Without -P each byte is 0xcd.
 -P, -- the byte to write
 -C, -- statistics as comma-separated values
 -f, -- make it durable before going on
 -q, -- no statistics
`,
  words: [2, null],
  needs: 'writable disk',
  async run(call, disk) {
    const { session } = call;
    const given = call.options('CfqP:', { P: call.pattern });
    const range = given && vectorRange(call, given.operands);
    if (given === false || range === false) return false;
    const { offset, length } = range;
    const content = given.number('P') ?? undefined;
    const performed = await session.perform(() => fillRange(disk, offset, length, content, given.has('f')));
    if (!performed.ok) return session.failed('writev', performed);
    reportTransfer(session, 'wrote', offset, length, performed.value.elapsedMs, reportStyle(given));
    return true;
  },
};

import type { IoCommand } from '../io-command.ts';
import { readRange } from '../transfer.ts';
import { parseVectorRead, showVectorRead } from '../vector-read.ts';

export const readv: IoCommand = {
  name: 'readv',
  synopsis: '[-Cqv] [-P pattern] off len [len..]',
  summary: 'reads a number of bytes at a specified offset',
  help: `
 Reads one range of the image in one request, its length given in parts:
 'readv -v 64k 512 512' shows 1 KiB.
 -C, -- statistics as comma-separated values
 -P, -- check that the bytes are all this one
 -q, -- no statistics
 -v, -- show the bytes
`,
  words: [2, null],
  needs: 'disk',
  async run(call, disk) {
    const request = parseVectorRead(call, 'CP:qv');
    if (typeof request === 'boolean') return request;
    const { session } = call;
    const performed = await session.perform(() => readRange(disk, request.offset, request.length));
    if (!performed.ok) return session.failed('readv', performed);
    return showVectorRead(session, request, performed.value);
  },
};

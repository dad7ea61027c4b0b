import type { IoCommand } from '../io-command.ts';
import { readRange } from '../transfer.ts';
import { parseVectorRead, showVectorRead } from '../vector-read.ts';

export const aioRead: IoCommand = {
  name: 'aio_read',
  synopsis: '[-Ciqv] [-P pattern] off len [len..]',
  summary: 'asynchronously reads a number of bytes',
  help: `
 Starts a read like readv's and goes on with the next command: any number can be
 under way. The outcome is printed when it is known, at the latest by aio_flush,
 and does not count as this command's failure.
 -C, -- statistics as comma-separated values
 -i, -- only pretend: say that an invalid request is made, and make none
 -P, -- check that the bytes are all this one
 -q, -- no statistics
 -v, -- show the bytes
`,
  words: [2, null],
  needs: 'disk',
  async run(call, disk) {
    const request = parseVectorRead(call, 'CiP:qv');
    if (typeof request === 'boolean') return request;
    const { session } = call;
    session.aio.start(async () => {
      const performed = await session.measure(() => readRange(disk, request.offset, request.length));
      if (!performed.ok) return () => session.failed('readv', performed);
      return () => showVectorRead(session, request, performed.value);
    });
    return true;
  },
};

import type { IoCommand } from '../io-command.ts';

export const aioFlush: IoCommand = {
  name: 'aio_flush',
  summary: 'completes all outstanding aio requests',
  words: [0, 0],
  needs: 'disk',
  async run({ session }) {
    await session.aio.finish();
    return true;
  },
};

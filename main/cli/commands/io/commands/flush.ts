import type { IoCommand } from '../io-command.ts';

export const flush: IoCommand = {
  name: 'flush',
  alias: 'f',
  summary: 'flush all in-core file state to disk',
  words: [0, 0],
  needs: 'disk',
  async run({ session }, disk) {
    const performed = await session.perform(() => disk.flush());
    return performed.ok || session.complain(performed.failure.message);
  },
};

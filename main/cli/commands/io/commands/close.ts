import type { IoCommand } from '../io-command.ts';

export const close: IoCommand = {
  name: 'close',
  alias: 'c',
  summary: 'close the current open file',
  words: [0, 0],
  needs: 'disk',
  run: ({ session }) => session.close(),
};

import type { IoCommand } from '../io-command.ts';

export const abort: IoCommand = {
  name: 'abort',
  summary: 'simulate a program crash using abort(3)',
  words: [0, 0],
  needs: 'nothing',
  run() {
    process.abort();
  },
};

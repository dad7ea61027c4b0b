import type { IoCommand } from '../io-command.ts';

export const quit: IoCommand = {
  name: 'quit',
  alias: 'q',
  summary: 'exit the program',
  words: [0, null],
  needs: 'nothing',
  async run({ session }) {
    session.quit();
    return true;
  },
};

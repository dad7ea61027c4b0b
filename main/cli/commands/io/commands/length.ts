import type { IoCommand } from '../io-command.ts';
import { quantity } from '../quantity.ts';

export const length: IoCommand = {
  name: 'length',
  alias: 'l',
  summary: 'gets the length of the current file',
  words: [0, 0],
  needs: 'disk',
  async run({ session }, disk) {
    session.out(`${quantity(disk.lengthBytes)}\n`);
    return true;
  },
};

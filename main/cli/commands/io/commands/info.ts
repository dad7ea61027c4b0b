import type { IoCommand } from '../io-command.ts';
import { quantity } from '../quantity.ts';

export const info: IoCommand = {
  name: 'info',
  alias: 'i',
  summary: 'prints information about the current file',
  words: [0, 0],
  needs: 'disk',
  async run({ session }, disk) {
    session.out(`format name: ${disk.formatName}\n`);
    session.out(`cluster size: ${quantity(disk.clusterBytes)}\n`);
    session.out(`vm state offset: ${quantity(0)}\n`);
    return true;
  },
};

import type { IoCommand } from '../io-command.ts';

/** Linux has signals 1 to 64; QEMU compares with the number behind them. */
const SIGNALS_END = 65;

export const sigraise: IoCommand = {
  name: 'sigraise',
  synopsis: 'signal',
  summary: 'raises a signal',
  help: `
 Sends a signal, given by its number, to this program.
`,
  words: [1, 1],
  needs: 'nothing',
  async run(call) {
    const [text = ''] = call.words;
    const signal = call.size(text);
    if (signal === false) return false;
    if (signal > SIGNALS_END) {
      return call.refuse(`signal argument '${text}' is too large to be a valid signal`);
    }
    if (signal < SIGNALS_END) process.kill(process.pid, signal);
    return true;
  },
};

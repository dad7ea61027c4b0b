import { PREALLOCATION_MODES } from '../disk/resize-image.ts';
import type { IoCommand } from '../io-command.ts';

export const truncate: IoCommand = {
  name: 'truncate',
  alias: 't',
  synopsis: '[-m prealloc_mode] off',
  summary: 'truncates the current file at the given offset',
  words: [1, 3],
  needs: 'writable disk',
  async run(call, disk) {
    const { session } = call;
    const options = call.scan('m:');
    let preallocation: (typeof PREALLOCATION_MODES)[number] = 'off';
    for (const [letter, value] of options) {
      if (letter !== 'm') return call.misused();
      const mode = PREALLOCATION_MODES.find((known) => known === value);
      if (mode === undefined) return session.complain(`Invalid preallocation mode '${value}'`);
      preallocation = mode;
    }
    const [sizeText] = options.operands;
    if (sizeText === undefined) return call.misused();
    // QEMU's message names the first word, whatever it is; with options given that is an option.
    const lengthBytes = call.size(sizeText, call.words.find((word) => word.startsWith('-')) ?? sizeText);
    if (lengthBytes === false) return false;
    await session.aio.finish();
    const resized = await disk.resize(lengthBytes, preallocation);
    return resized.ok || session.complain(resized.failure.message);
  },
};

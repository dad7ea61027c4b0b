// Fetches the firmware of v86 machines.
import { join } from 'node:path';
import { isFetched } from '../../../assets/firmware/fetch.mjs';
import { runCommand } from '../command.mjs';
import { CACHE, FIRMWARE, ROOT } from '../paths.mjs';

export const firmwareStep = {
  id: 'firmware',
  title: 'firmware',
  isDone: () => isFetched(FIRMWARE),

  async run({ tell }) {
    // A process of its own: it waits for the programs it runs, which would stop the progress display.
    await runCommand(process.execPath, [join(ROOT, 'assets/firmware/fetch.mjs'), FIRMWARE, CACHE], {
      cwd: ROOT,
      onLine: tell,
      remedy: 'The lines above come from apt or dpkg; once that is solved, run the same command again.',
    });
  },
};

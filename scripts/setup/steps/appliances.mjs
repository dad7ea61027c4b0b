// Builds the appliances that come with Headwater: one step per recipe, so that each shows its own progress. Those that
// take minutes are left to whoever wants them, and to the tests.
import { join } from 'node:path';
import { isBuiltBySetUp, isPublished, recipeIds } from '../../../assets/appliances/build.mjs';
import { runCommand } from '../command.mjs';
import { APPLIANCES, CACHE, ROOT } from '../paths.mjs';

/** @param {'run' | 'window' | 'test'} purpose */
export const applianceSteps = (purpose) =>
  recipesFor(purpose).map((id) => ({
    id: `appliance-${id}`,
    title: `appliance ${id}`,
    isDone: () => isPublished(id, APPLIANCES),

    async run({ tell }) {
      // A process of its own: recipes wait for the programs they run, which would stop the progress display.
      await runCommand(process.execPath, [join(ROOT, 'assets/appliances/build.mjs'), id, APPLIANCES, CACHE], {
        cwd: ROOT,
        onLine: tell,
        remedy: 'The lines above say what went wrong; run the same command again once it is solved.',
      });
    },
  }));

function recipesFor(purpose) {
  return purpose === 'test' ? recipeIds() : recipeIds().filter(isBuiltBySetUp);
}

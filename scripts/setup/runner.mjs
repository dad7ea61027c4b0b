// Runs set-up's steps in order. A step is { id, title, isDone(), run(report) }: `isDone` answers in milliseconds and is
// asked again right before `run`; `run` may be interrupted at any moment and then simply runs again.
import { withLock } from './lock.mjs';
import { CACHE, LOGS } from './paths.mjs';
import { SetupProblem, remedyFor } from './problem.mjs';
import { Progress, seconds } from './progress.mjs';

/** Returns whether everything is in place now; problems have been printed. */
export async function runSteps(steps) {
  const progress = new Progress({ logFolder: LOGS });
  const began = Date.now();
  try {
    if (await allDone(steps)) {
      progress.say(`Set-up: everything is in place (${seconds(Date.now() - began)})`);
      return true;
    }
    progress.say('Set-up');
    await withLock(
      CACHE,
      (message) => progress.say(`  ${message}`),
      async () => {
        for (const step of steps) {
          if (await step.isDone()) progress.skipped(step.title);
          else await progress.step(step, (report) => step.run(report));
        }
      },
    );
    progress.say(`Set-up finished (${seconds(Date.now() - began)})`);
    return true;
  } catch (error) {
    explain(error);
    return false;
  }
}

async function allDone(steps) {
  for (const step of steps) if (!(await step.isDone())) return false;
  return true;
}

function explain(error) {
  const tell = (text = '') => process.stderr.write(`${text}\n`);
  const output = error.output ?? [];
  if (output.length > 0) {
    tell();
    for (const line of output) tell(`    │ ${line}`);
  }
  tell();
  tell(`Set-up stopped: ${error.message}`);
  const known = error instanceof SetupProblem ? error.remedy : remedyFor([error.message], '');
  if (known) tell(known);
  else if (!(error instanceof SetupProblem)) tell(error.stack);
  if (error.logFile && output.length > 0) tell(`The whole output is in ${error.logFile}`);
}

// `npm test`: sets everything up, then checks the code from the quickest way to the most thorough one and stops at the
// first that fails. `npm test -- unit oracle` runs only those.
import './setup/require-node.mjs';
import { runInForeground } from './setup/child.mjs';
import { setUp } from './setup/index.mjs';
import { ROOT } from './setup/paths.mjs';
import { seconds } from './setup/progress.mjs';

const STAGES = [
  { id: 'lint', script: 'lint', title: 'lint and formatting' },
  { id: 'types', script: 'typecheck', title: 'types' },
  { id: 'unit', script: 'test:unit', title: 'unit tests' },
  { id: 'oracle', script: 'test:oracle', title: 'oracle tests (QEMU as judge)' },
  { id: 'crash', script: 'test:crash', title: 'crash tests' },
  { id: 'e2e', script: 'test:e2e', title: 'end-to-end tests' },
  { id: 'app', script: 'test:app', title: 'desktop app tests' },
];
/** In a log that nobody's terminal draws, long silences look like a hang. */
const SIGN_OF_LIFE_MS = 60_000;

async function main() {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((id) => !STAGES.some((stage) => stage.id === id));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(' ')}; there is ${STAGES.map(({ id }) => id).join(', ')}`);
    return 2;
  }
  if (!(await setUp('test'))) return 1;

  const stages = asked.length > 0 ? STAGES.filter(({ id }) => asked.includes(id)) : STAGES;
  const results = [];
  for (const stage of stages) {
    const failed = results.some(({ code }) => code !== 0);
    results.push(failed ? { stage } : await runStage(stage));
  }
  return summary(results);
}

async function runStage(stage) {
  console.log(`\n━━ ${stage.title} ━━`);
  const began = Date.now();
  const elapsed = () => seconds(Date.now() - began);
  const signOfLife = process.stdout.isTTY
    ? undefined
    : setInterval(() => console.log(`… ${stage.title}: ${elapsed()}`), SIGN_OF_LIFE_MS);
  const code = await runInForeground('npm', ['run', '--silent', stage.script], {
    cwd: ROOT,
    stdin: 'ignore',
  });
  clearInterval(signOfLife);
  console.log(`━━ ${stage.title}: ${code === 0 ? 'passed' : `failed, exit code ${code}`} (${elapsed()}) ━━`);
  return { stage, code, time: elapsed() };
}

function summary(results) {
  console.log('\nSummary');
  for (const { stage, code, time } of results) {
    if (code === undefined) console.log(`  - ${stage.title}: not run`);
    else console.log(`  ${code === 0 ? '✓' : '✗'} ${stage.title} (${time})`);
  }
  const failure = results.find(({ code }) => code !== undefined && code !== 0);
  if (!failure) {
    console.log('All passed.');
    return 0;
  }
  console.log(`Failed: ${failure.stage.title}. Again, alone: npm test -- ${failure.stage.id}`);
  return failure.code > 128 ? failure.code : 1;
}

process.exitCode = await main();

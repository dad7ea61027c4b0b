// `npm start`: sets everything up, then runs the demonstration. Arguments are the demonstration's (npm start -- --link …).
import './setup/require-node.mjs';
import { join } from 'node:path';
import { runInForeground } from './setup/child.mjs';
import { setUp } from './setup/index.mjs';
import { ROOT } from './setup/paths.mjs';

if (await setUp('run')) {
  const command = join(ROOT, 'dist/main/cli/index.js');
  process.exitCode = await runInForeground(process.execPath, [command, 'demo', ...process.argv.slice(2)]);
} else {
  process.exitCode = 1;
}

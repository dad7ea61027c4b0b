import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { err, ok } from '../../../../shared/result.ts';
import { packageRoot } from '../../../threads/worker-script.ts';
import { reportCommand } from '../../arguments/command.ts';
import { appliancesFolder } from '../../places.ts';

const HELP = `usage: headwater appliances build NAME

Builds an appliance from its recipe (assets/appliances/NAME), out of Debian packages. The
same recipe and packages give the same bytes.

      --json             print the result as JSON
  -h, --help             this text
`;

export const buildCommand = reportCommand({
  name: 'appliances build',
  help: HELP,
  options: [],
  parse: (given) => given.one('the name of one recipe'),
  async run(name, terminal) {
    const recipes = path.join(packageRoot(), 'assets/appliances');
    const known = fs.existsSync(recipes)
      ? fs.readdirSync(recipes).filter((id) => fs.existsSync(path.join(recipes, id, 'appliance.json')))
      : [];
    if (!known.includes(name)) {
      return err(
        'not-found',
        `there is no recipe '${name}'; there are: ${known.sort().join(', ') || 'none'}`,
      );
    }
    const output = path.join(appliancesFolder(), name);
    const child = spawn(process.execPath, [path.join(recipes, 'build.mjs'), name, appliancesFolder()]);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => terminal.err(text.toString()));
    }
    const stop = () => void child.kill();
    terminal.interrupted.addEventListener('abort', stop, { once: true });
    const code = await new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', resolve);
    });
    if (code !== 0) return err('io', `'${name}' could not be built; the lines above say why`);
    return ok({ json: { id: name, folder: output }, text: `built '${output}'\n` });
  },
});

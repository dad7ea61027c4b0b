/** `npm run bench`: Headwater and QEMU side by side. See docs/performance.md. */
import type { Failure } from '../../shared/result.ts';
import { parseBenchArguments, benchHelp } from './arguments.ts';
import { playRole } from './roles/index.ts';
import { ROLE_OPTION, type RoleName } from './roles/role.ts';
import { runSuite } from './suite.ts';

async function main(args: readonly string[]): Promise<number> {
  const given = parseBenchArguments(args);
  if (!given.ok) return complain(given.failure);
  if (given.value === null) {
    process.stdout.write(benchHelp());
    return 0;
  }
  const ended = await runSuite(given.value);
  return ended.ok ? ended.value : complain(ended.failure);
}

function complain({ message }: Failure): number {
  process.stderr.write(`bench: ${message}\n`);
  return 2;
}

const [option, role = '', argument = ''] = process.argv.slice(2);
if (option === ROLE_OPTION) await playRole(role as RoleName, argument);
else process.exitCode = await main(process.argv.slice(2));

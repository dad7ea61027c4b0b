// Installs the Debian packages that are missing: as root, or through sudo after saying what and why.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from '../command.mjs';
import { debianPackages } from '../debian-packages.mjs';
import { remedyFor, SetupProblem } from '../problem.mjs';

const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
/** Somebody else's apt may be at work; five minutes are enough for most. */
const INSTALL = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];

export function debianPackagesStep(purpose) {
  const packages = debianPackages(purpose);
  return {
    id: 'debian-packages',
    title: 'Debian packages',
    isDone: () => missing(packages).length === 0,

    async run({ tell, detail, handOver }) {
      const wanted = missing(packages);
      const names = wanted.map(({ name }) => name);
      const byHand = `apt-get install --no-install-recommends ${names.join(' ')}`;
      if (!onPath('apt-get') || !onPath('dpkg-query')) {
        const list = wanted.map(({ name, reason }) => `  ${name}: ${reason}`).join('\n');
        throw new SetupProblem(
          'this is no Debian system, so its packages cannot be installed here',
          `Install what corresponds to these packages, with apt and dpkg to fetch the guests' parts, and try again:\n${list}`,
        );
      }
      for (const { name, reason } of wanted) tell(`${name}: ${reason}`);

      if (process.getuid() !== 0) {
        await handOver(() => throughSudo(names, byHand));
        return;
      }
      const apt = (args) =>
        runCommand('apt-get', args, {
          onLine: detail,
          env: ENVIRONMENT,
          remedy: `See what apt-get says above, then install by hand: ${byHand}`,
        });
      // The package index is only fetched when it cannot answer, or when what it names is no longer there.
      if (!candidatesKnown(names)) await refreshIndex(apt, tell);
      try {
        await apt([...INSTALL, ...names]);
      } catch {
        await refreshIndex(apt, tell);
        await apt([...INSTALL, ...names]);
      }
    },
  };
}

async function refreshIndex(apt, tell) {
  tell('fetching the package index');
  try {
    await apt(['update']);
  } catch {
    // One source of several may be out of reach. Whether that matters shows when the packages are installed.
    tell('not every source of packages could be reached; going on');
  }
}

/** For an ordinary user: sudo asks for the password itself, so the terminal is its own. */
async function throughSudo(names, byHand) {
  const needsRoot = (reason) =>
    new SetupProblem(
      `installing Debian packages needs root, and ${reason}`,
      `Have them installed by root:\n  ${byHand}`,
    );
  if (!onPath('sudo')) throw needsRoot('there is no sudo here');
  const interactive = process.stdin.isTTY && process.stdout.isTTY;
  const quiet = interactive ? [] : ['-n'];
  if (!interactive && spawnSync('sudo', ['-n', 'true']).status !== 0)
    throw needsRoot('sudo would ask for a password');

  const settings = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const sudo = (...args) =>
    new Promise((resolve, reject) => {
      console.log(`    sudo apt-get ${args.join(' ')}`);
      const child = spawn('sudo', [...quiet, 'env', ...settings, 'apt-get', ...args], { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', (code) => resolve(code === 0));
    });
  if (!candidatesKnown(names)) await sudo('update');
  if (await sudo(...INSTALL, ...names)) return;
  await sudo('update');
  if (await sudo(...INSTALL, ...names)) return;
  throw new SetupProblem(
    'the Debian packages could not be installed',
    remedyFor([], `See what apt-get says above, then install by hand, as root:\n  ${byHand}`),
  );
}

function missing(packages) {
  const status = spawnSync(
    'dpkg-query',
    [
      '-W',
      '-f',
      '${Package} ${db:Status-Status}\n',
      ...packages.flatMap(({ name, successor }) => (successor ? [name, successor] : [name])),
    ],
    {
      encoding: 'utf8',
    },
  );
  if (status.error)
    return packages.filter(({ proof }) => !(proof.startsWith('/') ? existsSync(proof) : onPath(proof)));
  const installed = new Set(
    status.stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return packages.filter(({ name, successor }) => !installed.has(name) && !installed.has(successor));
}

/** Does the machine's package index know all of them? */
function candidatesKnown(names) {
  const { stdout } = spawnSync('apt-cache', ['policy', ...names], {
    encoding: 'utf8',
    env: { ...process.env, ...ENVIRONMENT },
  });
  const known = `${stdout}`.split('\n').filter((line) => /^ +Candidate: (?!\(none\))/.test(line));
  return known.length === names.length;
}

function onPath(command) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, command)));
}

// A whole Debian system, installed as Debian installs it: mmdebstrap runs every package's scripts in a folder of its own,
// so that dpkg and apt know what is there and go on working in the guest.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath, run } from './command.mjs';
import { listTar } from './tar-listing.mjs';

/** What no guest of ours reads, and a stream would have to carry. */
const LEFT_OUT = ['/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/doc/*'];
const KEPT = ['/usr/share/doc/*/copyright', '/usr/share/doc/apt/examples/sources.list'];

/** Left behind by the installation: caches that are made anew, earlier versions, logs and traces of this machine. */
const REMOVED = [
  'var/cache/debconf/config.dat-old',
  'var/cache/debconf/templates.dat-old',
  'var/lib/dpkg/status-old',
  'var/log/alternatives.log',
  'var/log/bootstrap.log',
  'var/log/dpkg.log',
  'var/log/apt/history.log',
  'var/log/apt/term.log',
  'etc/resolv.conf',
];

/**
 * @param {object} options
 * @param {ReturnType<typeof import('./debian.mjs').openDebianArchive>} options.archive
 * @param {string} options.architecture
 * @param {string[]} options.packages besides those that are essential, and apt
 * @param {string[]} [options.commands] run by the shell at the end, with the root folder as `$1`
 * @param {string} options.work
 * @param {number} options.time seconds since 1970, what the packages' scripts take for the present
 * @param {(line: string) => void} options.log
 * @returns {{ tree: string, listing: import('./tar-listing.mjs').Listing }}
 */
export function installDebian({ archive, architecture, packages, commands = [], work, time, log }) {
  refuseForeignProcessor(architecture);
  requireInstaller();
  log(`installing Debian with ${packages.length} packages and what they need`);
  const tarball = join(work, 'root.tar');
  const settings = join(work, 'apt-network.conf');
  writeFileSync(settings, archive.networkSettings);
  run(
    'mmdebstrap',
    [
      '--quiet',
      // As an ordinary user mmdebstrap takes a name space of its own instead of root's rights.
      `--mode=${process.getuid?.() === 0 ? 'root' : 'unshare'}`,
      '--variant=minbase',
      `--architectures=${architecture}`,
      `--include=${packages.join(',')}`,
      `--aptopt=${settings}`,
      '--aptopt=APT::Install-Recommends "0"',
      ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...KEPT.map((path) => `--dpkgopt=path-include=${path}`),
      ...commands.map((command) => `--customize-hook=${command}`),
      archive.release,
      tarball,
      archive.source,
    ],
    { env: { SOURCE_DATE_EPOCH: String(time), TMPDIR: work } },
  );
  const tree = join(work, 'root');
  mkdirSync(tree);
  run('tar', ['-x', '-p', '--no-same-owner', '-C', tree, '-f', tarball, '--exclude=./dev/*']);
  const listing = withoutDevices(listTar(tarball));
  rmSync(tarball);
  for (const path of REMOVED) {
    rmSync(join(tree, path), { force: true });
    listing.delete(`/${path}`);
  }
  // Hard links were unpacked as such; the file system gets them by name from the listing.
  for (const [path, { linkTo }] of listing) if (linkTo !== undefined) rmSync(join(tree, path));
  useOfficialSources(tree);
  return { tree, listing };
}

/** No password for root on consoles: whoever has the console has the machine. SSH refuses empty passwords by itself. */
export function letRootIn(tree) {
  const shadow = join(tree, 'etc/shadow');
  writeFileSync(shadow, readFileSync(shadow, 'utf8').replace(/^root:[^:]*:/m, 'root::'));
}

/** The guest must not keep the mirror of whoever built it: apt's own example names where everybody finds Debian. */
function useOfficialSources(tree) {
  const example = join(tree, 'usr/share/doc/apt/examples/sources.list');
  const lines = readFileSync(example, 'utf8').split('\n');
  const sources = lines
    .filter((line) => line.startsWith('deb '))
    .map((line) => line.replace(/ main .*$/, ' main'));
  if (sources.length === 0) throw new Error(`${example} names no source of packages`);
  writeFileSync(join(tree, 'etc/apt/sources.list'), `${sources.join('\n')}\n`);
}

function withoutDevices(listing) {
  return new Map([...listing].filter(([path]) => !path.startsWith('/dev/')));
}

function requireInstaller() {
  const missing = ['mmdebstrap', 'arch-test'].filter((program) => !onPath(program));
  if (missing.length === 0) return;
  throw new Error(
    `this appliance is installed by ${missing.join(' and ')}: apt-get install ${missing.join(' ')}`,
  );
}

/** Packages' scripts are run, so this processor must understand the guest's. */
function refuseForeignProcessor(architecture) {
  const runs = { x64: ['i386', 'amd64'], ia32: ['i386'] }[process.arch] ?? [];
  if (runs.includes(architecture)) return;
  if (existsSync(`/proc/sys/fs/binfmt_misc/qemu-${architecture === 'amd64' ? 'x86_64' : architecture}`))
    return;
  throw new Error(
    `this machine (${process.arch}) cannot run the programs of a guest for ${architecture}; ` +
      "with Debian's qemu-user-static it can",
  );
}

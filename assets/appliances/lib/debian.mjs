// Debian packages for guests, without touching the machine that builds them.
//
// apt gets a root of its own below the cache folder: own lists, own archive, an empty dpkg status. So an i386 package
// can be fetched on an amd64 machine without `dpkg --add-architecture`, by any user, and the answer to "what does this
// package need?" does not depend on what the machine happens to have installed. Nothing here ever installs: packages
// are downloaded (apt verifies them against the archive's signed index) and unpacked, their scripts never run.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';

/** Debian 12 is the last release with a 32-bit x86 kernel, which is what v86 can run. */
const RELEASE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Lists younger than this are taken as they are, so that building two recipes asks the mirror once. */
const LISTS_FRESH_MS = 60 * 60 * 1000;

/**
 * Opens (creates when needed) the private apt root.
 *
 * @param {{ root: string, architecture?: string, log?: (line: string) => void }} options
 */
export function openDebianArchive({ root, architecture = 'i386', log = () => {} }) {
  const archives = join(root, 'var/cache/apt/archives');
  const lists = join(root, 'var/lib/apt/lists');
  const config = join(root, 'apt.conf');
  const folders = [
    'etc/apt/apt.conf.d',
    'etc/apt/preferences.d',
    'etc/apt/trusted.gpg.d',
    'var/lib/dpkg',
    'var/log/apt',
  ];
  for (const folder of folders) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  mkdirSync(join(archives, 'partial'), { recursive: true });
  mkdirSync(join(lists, 'partial'), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  writeFileSync(join(root, 'etc/apt/sources.list'), sourcesList(architecture));
  writeFileSync(config, aptConfiguration(root, architecture));

  // APT_CONFIG is read before anything else, so the machine's own configuration files are never looked at.
  const apt = (program, ...args) => run(program, args, { env: { APT_CONFIG: config } });

  const refresh = () => {
    const stamp = join(lists, 'refreshed');
    if (existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < LISTS_FRESH_MS) return;
    log('refreshing the package index');
    try {
      apt('apt-get', 'update', '-q', '--error-on=any');
      writeFileSync(stamp, '');
    } catch (error) {
      // An older index that is still there is good enough: whatever it names is in the archive or already fetched.
      if (!readdirSync(lists).some((name) => name.includes('_Packages'))) throw error;
      log('the package index could not be refreshed; going on with the one from last time');
    }
  };

  return {
    release: RELEASE,
    /** The one line that says where packages come from. */
    source: sourcesList(architecture).trim(),
    /** How this machine reaches the network: proxies, certificates, time-outs. */
    networkSettings: networkSettings().join('\n'),

    /** Value of one field of a package's record in the index, e.g. `Depends`. */
    field(name, field) {
      refresh();
      const record = apt('apt-cache', 'show', '--no-all-versions', name);
      return new RegExp(`^${field}: (.*)$`, 'm').exec(record)?.[1];
    },

    /**
     * Downloads packages, with everything they depend on when `withDependencies` is set, but for those in `except`.
     * @returns {{ name: string, version: string, file: string }[]} sorted by name
     */
    fetch(names, { withDependencies = false, except = new Set() } = {}) {
      refresh();
      // A simulated installation names everything that would come along: `Inst name (version archive …`.
      const all = withDependencies
        ? apt('apt-get', 'install', '-s', '-q', '--no-install-recommends', ...names)
            .split('\n')
            .flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? [])
            .filter((name) => !except.has(name))
        : names;
      // One line per archive file: 'address' file-name size hash.
      const wanted = apt('apt-get', 'download', '-q', '--print-uris', ...all)
        .split('\n')
        .flatMap((line) => /^'[^']+' (\S+\.deb) \d+/.exec(line)?.[1] ?? [])
        .map(describeArchiveFile)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      if (wanted.length === 0) throw new Error(`the package index knows none of: ${names.join(' ')}`);

      const missing = wanted.filter(({ fileName }) => !existsSync(join(archives, fileName)));
      if (missing.length > 0) {
        log(`downloading ${missing.length} package${missing.length === 1 ? '' : 's'}`);
        // `download` writes into the current folder under the final name only when complete and verified.
        const incoming = join(archives, 'incoming');
        rmSync(incoming, { recursive: true, force: true });
        mkdirSync(incoming);
        const exact = missing.map(({ name, version }) => `${name}=${version}`);
        run('apt-get', ['download', '-q', ...exact], { cwd: incoming, env: { APT_CONFIG: config } });
        for (const name of readdirSync(incoming)) renameSync(join(incoming, name), join(archives, name));
        rmSync(incoming, { recursive: true });
      }
      return wanted.map(({ name, version, fileName }) => ({ name, version, file: join(archives, fileName) }));
    },
  };
}

/**
 * Unpacks a package's files. Ownership is not kept (recipes say who owns what), permissions are. Folders that are
 * symbolic links in the target (/bin → usr/bin) are followed, as dpkg itself does.
 *
 * @param {string[]} options further arguments for tar, e.g. `--exclude=./usr/share/man`
 */
export function unpackPackage(file, target, options = []) {
  mkdirSync(target, { recursive: true });
  const files = run('dpkg-deb', ['--fsys-tarfile', file], { encoding: 'buffer' });
  const args = ['-x', '-p', '--no-same-owner', '--keep-directory-symlink', '-C', target, ...options];
  run('tar', args, { input: files });
}

/** `libc6_2.36-9_i386.deb` → its parts; a colon of an epoch is written %3a in file names. */
function describeArchiveFile(fileName) {
  const [name, version] = fileName.split('_').map((part) => part.replaceAll('%3a', ':'));
  return { name, version, fileName };
}

/**
 * One suite, from the mirror this machine uses already. The security suite is left out on purpose: it changes every few
 * days where the release itself changes a few times a year, so an image built today would rarely equal one built
 * tomorrow, and point releases bring the same fixes to guests that are thrown away long before.
 */
function sourcesList(architecture) {
  return `deb [arch=${architecture} signed-by=${KEYRING}] ${debianMirror()} ${RELEASE} main\n`;
}

function debianMirror() {
  if (process.env.HEADWATER_DEBIAN_MIRROR) return process.env.HEADWATER_DEBIAN_MIRROR;
  const format = '$(REPO_URI) $(ORIGIN) $(LABEL)';
  for (const line of run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).split(
    '\n',
  )) {
    const [address, origin, label] = line.split(' ');
    if (origin === 'Debian' && label === 'Debian') return address;
  }
  throw new Error(
    "no Debian mirror found in this machine's apt configuration; set HEADWATER_DEBIAN_MIRROR to the address of one",
  );
}

function networkSettings() {
  return run('apt-config', ['dump'])
    .split('\n')
    .filter(
      (line) => /^Acquire::/.test(line) && !/^Acquire::(IndexTargets|Languages|GzipIndexes)/.test(line),
    );
}

/** Settings of the private root, plus how this machine reaches the network. */
function aptConfiguration(root, architecture) {
  return [
    ...networkSettings(),
    `Dir "${root}/";`,
    `Dir::Etc "${root}/etc/apt";`,
    `Dir::State::status "${root}/var/lib/dpkg/status";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Install-Recommends "0";',
    // apt would drop to a user of its own that may not be allowed to read the folder this checkout is in
    'APT::Sandbox::User "";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    '',
  ].join('\n');
}

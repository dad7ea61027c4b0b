// Tiny Linux: Debian packages in, a bootable disk out. See README.md for the idea; ../build.mjs runs this.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openDebianArchive, unpackPackage } from '../lib/debian.mjs';
import { filesBelow, findUnrunnable } from '../lib/elf.mjs';
import { makeExt4 } from '../lib/ext4.mjs';
import { installHostLine } from '../lib/host-line/install.mjs';
import { GRUB_MODULES, grubConfiguration, installKernel } from '../lib/kernel/install.mjs';
import { createPartitionedDisk, FIRST_PARTITION_OFFSET, installGrub } from '../lib/mbr.mjs';
import { copyOwnFiles, readTable, writeInTree } from '../lib/tree.mjs';

const HERE = import.meta.dirname;
/** Fixed, so that the same packages give the same disk. */
const FILE_SYSTEM_UUID = '7e1d0b5c-4c1e-4e0b-9a53-2f6f8f1c7a11';
const DISK_ID = 0x54494e59;
const INODES = 8192;
const LIBRARY_FOLDERS = ['/usr/lib/i386-linux-gnu', '/usr/lib'];

/**
 * What a boot up to the login prompt and the first shell reads, in that order: it is laid out as one stretch of disk.
 * A path that ends in a slash stands for all that is below it.
 */
const READ_AT_BOOT = [
  '/boot/vmlinuz',
  '/boot/initrd.img',
  '/usr/bin/busybox',
  '/usr/bin/init',
  '/etc/inittab',
  '/usr/bin/sh',
  '/etc/init.d/rcS',
  '/usr/lib/headwater/host-line',
  '/usr/bin/login',
  '/etc/passwd',
  '/etc/group',
  '/etc/issue',
  '/etc/motd',
  '/usr/bin/bash',
  '/usr/lib/i386-linux-gnu/ld-linux.so.2',
  '/usr/lib/i386-linux-gnu/libtinfo.so.6.4',
  '/usr/lib/i386-linux-gnu/libtinfo.so.6',
  '/usr/lib/i386-linux-gnu/libc.so.6',
  '/etc/profile',
  '/etc/bash.bashrc',
  '/etc/inputrc',
  '/usr/lib/locale/C.utf8/',
  '/usr/lib/terminfo/v/vt220',
  '/usr/lib/terminfo/l/linux',
];

/**
 * @param {{ appliance: { version: string, diskSizeBytes: number }, diskFile: string, work: string,
 *           cacheFolder: string, time: number, log: (line: string) => void }} job
 */
export function build({ appliance, diskFile, work, cacheFolder, time, log }) {
  const archive = openDebianArchive({ root: join(cacheFolder, 'debian-i386'), log });
  const tree = join(work, 'root');

  const wanted = tableOf('packages.txt').map(([name]) => name);
  const unneeded = tableOf('not-needed.txt');
  const except = new Set(unneeded.flatMap(([kind, name]) => (kind === 'package' ? [name] : [])));
  const packages = archive.fetch(wanted, { withDependencies: true, except });

  log(`unpacking ${packages.length} packages`);
  layFolders(tree);
  const excluded = unneeded.flatMap(([kind, path]) => (kind === 'file' ? [`--exclude=./${path}`] : []));
  for (const { file } of packages) unpackPackage(file, tree, ['--anchored', ...excluded]);
  dropDocumentation(tree);
  copyOwnFiles(join(HERE, 'root'), tree, appliance.version);
  linkAlternatives(tree);
  linkApplets(tree);
  replaceHardLinks(tree);
  const kernel = installKernel({
    archive,
    tree,
    modules: join(HERE, 'modules.txt'),
    work,
    time,
    log,
  });
  writeInTree(join(tree, 'usr/share/tiny-linux/packages'), packageList([...packages, kernel]));

  installHostLine(tree, work);

  const problems = findUnrunnable(tree, LIBRARY_FOLDERS);
  if (problems.length > 0)
    throw new Error(`programs that could not run in the guest:\n${problems.join('\n')}`);

  log('writing the disk');
  const size = appliance.diskSizeBytes;
  createPartitionedDisk(diskFile, size, DISK_ID);
  installGrub(diskFile, {
    configuration: grubConfiguration('Tiny Linux'),
    modules: GRUB_MODULES,
    work,
  });
  makeExt4({
    image: diskFile,
    offset: FIRST_PARTITION_OFFSET,
    size: size - FIRST_PARTITION_OFFSET,
    tree,
    first: READ_AT_BOOT,
    uuid: FILE_SYSTEM_UUID,
    label: 'tiny',
    inodes: INODES,
    time,
    work,
  });
}

const tableOf = (name) => readTable(join(HERE, name));

/** As in Debian, /bin and /lib are links into /usr; here sbin is one with bin as well. */
function layFolders(tree) {
  for (const folder of [
    'usr/bin',
    'usr/lib',
    'usr/local/bin',
    'boot',
    'dev',
    'etc',
    'home',
    'mnt',
    'proc',
    'root',
    'run',
    'srv',
    'sys',
    'tmp',
    'var/log',
    'var/tmp',
  ]) {
    mkdirSync(join(tree, folder), { recursive: true });
    // Folder permissions must not depend on the umask of whoever builds.
    for (let at = folder; at !== '.'; at = dirname(at)) chmodSync(join(tree, at), 0o755);
  }
  chmodSync(join(tree, 'root'), 0o700);
  chmodSync(join(tree, 'tmp'), 0o1777);
  chmodSync(join(tree, 'var/tmp'), 0o1777);
  symlinkSync('bin', join(tree, 'usr/sbin'));
  for (const name of ['bin', 'sbin', 'lib']) symlinkSync(`usr/${name}`, join(tree, name));
  symlinkSync('../proc/self/mounts', join(tree, 'etc/mtab'));
  symlinkSync('../run', join(tree, 'var/run'));
  symlinkSync('../run/resolv.conf', join(tree, 'etc/resolv.conf'));
}

/** Of the documentation only the licences stay. */
function dropDocumentation(tree) {
  for (const path of filesBelow(tree, '/usr/share/doc')) {
    if (basename(path) !== 'copyright') unlinkSync(join(tree, path));
  }
  // examples, contrib and the like are empty now
  for (const name of readdirSync(join(tree, 'usr/share/doc'))) {
    const folder = join(tree, 'usr/share/doc', name);
    if (!lstatSync(folder).isDirectory()) continue;
    for (const inner of readdirSync(folder, { withFileTypes: true })) {
      if (inner.isDirectory()) rmSync(join(folder, inner.name), { recursive: true });
    }
  }
}

/** Names that Debian's packages set up when they are installed. */
function linkAlternatives(tree) {
  const links = {
    awk: 'mawk',
    vi: 'vim.tiny',
    vim: 'vim.tiny',
    editor: 'nano',
    pager: 'less',
    sh: 'busybox',
    init: 'busybox',
  };
  for (const [name, target] of Object.entries(links)) {
    const path = join(tree, 'usr/bin', name);
    if (lstatSync(path, { throwIfNoEntry: false })) unlinkSync(path);
    symlinkSync(target, path);
  }
}

/** BusyBox stands in for every command that no package brings. */
function linkApplets(tree) {
  for (const name of appletNames(readFileSync(join(tree, 'usr/bin/busybox')))) {
    const path = join(tree, 'usr/bin', name);
    if (!lstatSync(path, { throwIfNoEntry: false })) symlinkSync('busybox', path);
  }
}

/** The program's own table of names, read from its file: asking the program would take a machine that can run i386 code. */
function appletNames(program) {
  const start = program.indexOf('\0[\0[[\0', 0, 'latin1') + 1;
  const end = program.indexOf('\0\0', start, 'latin1');
  const names = start > 0 ? program.toString('latin1', start, end).split('\0') : [];
  if (!['init', 'getty', 'mount', 'poweroff'].every((name) => names.includes(name))) {
    throw new Error("BusyBox's list of commands was not where it used to be");
  }
  return names;
}

/** One file under several names becomes one file and links to it, which need no reference counts. */
function replaceHardLinks(tree) {
  const seen = new Map();
  for (const path of filesBelow(tree)) {
    const { ino, nlink } = lstatSync(join(tree, path));
    if (nlink < 2) continue;
    const first = seen.get(ino);
    if (first) {
      unlinkSync(join(tree, path));
      symlinkSync(first, join(tree, path));
    } else {
      seen.set(ino, path);
    }
  }
}

function packageList(packages) {
  const lines = packages.map(({ name, version }) => `${name} ${version}\n`);
  return `# Debian packages this disk was made from, with their versions\n${lines.sort().join('')}`;
}

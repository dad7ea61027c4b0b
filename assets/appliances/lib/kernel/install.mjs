// Debian's i386 kernel as v86 starts it quickest: recompressed, with a first program and the few modules that reach the
// root disk. The kernel package is unpacked, not installed: its scripts would want a running system.
import { join } from 'node:path';
import { run } from '../command.mjs';
import { cpioArchive } from '../cpio.mjs';
import { unpackPackage } from '../debian.mjs';
import { assemble } from '../program.mjs';
import { copyIntoTree, readTable, writeInTree } from '../tree.mjs';
import { ModuleCollection } from './modules.mjs';
import { repackKernel } from './repack.mjs';

/**
 * Measured in v86, where each of the last three is worth seconds:
 *
 * quiet, loglevel      messages on two slow consoles cost more than the boot itself; boot scripts let errors through again
 * mitigations=off      an emulated Pentium III has nothing to mitigate
 * nokaslr              the kernel lies where repack.mjs says
 * random.trust_cpu=on  no waiting for randomness to gather
 * cryptomgr.notests    the self-tests of the kernel's ciphers are half of all instructions of a boot
 * noisapnp             looking for ISA cards means waiting for answers that never come
 * initcall_blacklist   preparing kernel probes for tracing and one more cipher test: 1.9 s
 */
export const KERNEL_OPTIONS = [
  'root=/dev/sda1 ro console=tty0 console=ttyS0,115200 quiet loglevel=3',
  'mitigations=off nokaslr random.trust_cpu=on cryptomgr.notests noisapnp',
  'initcall_blacklist=init_kprobe_trace,crypto_kdf108_init',
].join(' ');

/** Parts of GRUB that {@link grubConfiguration} uses. */
export const GRUB_MODULES = ['biosdisk', 'part_msdos', 'ext2', 'linux', 'serial', 'terminal', 'echo'];

/** @param {string} name what the boot loader says it is loading */
export function grubConfiguration(name) {
  return [
    'serial --unit=0 --speed=115200',
    'terminal_output console serial',
    `echo "Loading ${name}"`,
    `linux (hd0,msdos1)/boot/vmlinuz ${KERNEL_OPTIONS}`,
    'initrd (hd0,msdos1)/boot/initrd.img',
    'boot',
    '',
  ].join('\n');
}

/**
 * Puts kernel, initrd and modules into a guest's tree.
 *
 * @param {{ archive: ReturnType<typeof import('../debian.mjs').openDebianArchive>, tree: string, modules: string,
 *           work: string, time: number, log: (line: string) => void }} job
 *   `modules`: a table of `boot|virtio|disk NAME`
 * @returns {{ name: string, version: string }} the kernel's package
 */
export function installKernel({ archive, tree, modules, work, time, log }) {
  const packageName = archive.field('linux-image-686', 'Depends').split(' ')[0];
  const version = packageName.replace('linux-image-', '');
  const [kernel] = archive.fetch([packageName]);
  log(`preparing kernel ${version}`);
  const unpacked = join(work, 'kernel');
  unpackPackage(kernel.file, unpacked, [
    '--wildcards',
    './boot/vmlinuz-*',
    './lib/modules/*',
    './usr/share/doc/*/copyright',
  ]);
  writeInTree(join(tree, 'boot/vmlinuz'), repackKernel(join(unpacked, `boot/vmlinuz-${version}`), work));
  const copyright = `usr/share/doc/${packageName}/copyright`;
  copyIntoTree(join(unpacked, copyright), join(tree, copyright));

  const collection = new ModuleCollection(join(unpacked, `lib/modules/${version}`));
  const table = readTable(modules);
  installModules(collection, table, join(tree, `usr/lib/modules/${version}`));
  const entries = initrdEntries(collection, table, assemble(join(import.meta.dirname, 'init.S'), work));
  const initrd = run('lz4', ['-l', '-12', '-c', '-q'], {
    input: cpioArchive(entries, time),
    encoding: 'buffer',
  });
  writeInTree(join(tree, 'boot/initrd.img'), initrd);
  return kernel;
}

function installModules(collection, table, folder) {
  const names = collection.inLoadOrder(table.map(([, name]) => name)).sort();
  for (const name of names) writeInTree(join(folder, collection.path(name)), collection.content(name));
  writeInTree(join(folder, 'modules.dep'), collection.dependencyFile(names));
}

function initrdEntries(collection, table, firstProgram) {
  const named = (where) => table.flatMap(([kind, name]) => (kind === where ? [name] : []));
  const boot = collection.inLoadOrder(named('boot'));
  const virtio = collection.inLoadOrder(named('virtio')).filter((name) => !boot.includes(name));
  const file = (name) => `lib/${name}.ko`;
  const list = (names) => names.map((name) => `/${file(name)}\0`).join('');
  return [
    ...['dev', 'lib', 'proc', 'root'].map((path) => ({ path })),
    { path: 'dev/console', device: [5, 1] },
    { path: 'init', content: firstProgram, executable: true },
    { path: 'lib/boot', content: list(boot) },
    { path: 'lib/virtio', content: list(virtio) },
    ...[...boot, ...virtio].map((name) => ({ path: file(name), content: collection.content(name) })),
  ];
}

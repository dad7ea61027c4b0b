// Debian packages that Headwater needs from the machine it runs on: the one list, with the reason for each.
// `proof` is a command or a file of the package, for systems that do not keep track of packages the Debian way.

/** To build the default appliances, see assets/appliances/, and to keep the catalog. */
const TO_RUN = [
  { name: 'binutils', proof: 'objcopy', reason: "assembles the guests' own boot code" },
  { name: 'e2fsprogs', proof: 'mke2fs', reason: "makes Tiny Linux's file system" },
  { name: 'grub-common', proof: 'grub-mkimage', reason: "makes Tiny Linux's boot loader" },
  { name: 'grub-pc-bin', proof: '/usr/lib/grub/i386-pc/boot.img', reason: 'the parts of that boot loader' },
  { name: 'lz4', proof: 'lz4', reason: "recompresses Tiny Linux's kernel, which quarters its boot" },
  { name: 'xz-utils', proof: 'xz', reason: 'unpacks the kernel as Debian ships it' },
  { name: 'dosfstools', proof: 'mkfs.fat', reason: "makes the diagnostics' file system" },
  { name: 'mtools', proof: 'mcopy', reason: 'puts files into it' },
  { name: 'syslinux', proof: 'syslinux', reason: "the diagnostics' boot loader" },
  {
    name: 'debian-archive-keyring',
    proof: '/usr/share/keyrings/debian-archive-keyring.gpg',
    reason: 'verifies the packages the guests are made of',
  },
  ...(Number(process.versions.napi) < 10 ? toBuildSqlite() : []),
];

/** To show windows. `successor` is the package's name in later Debian releases. */
const TO_SHOW = [
  {
    name: 'libgtk-3-0',
    successor: 'libgtk-3-0t64',
    proof: '/usr/share/doc/libgtk-3-0',
    reason: 'Electron draws menus and dialogs with it',
  },
  { name: 'libnss3', proof: '/usr/share/doc/libnss3', reason: "Electron's cryptography" },
  {
    name: 'libasound2',
    successor: 'libasound2t64',
    proof: '/usr/share/doc/libasound2',
    reason: "Electron's sound, without which it does not start",
  },
  { name: 'libgbm1', proof: '/usr/share/doc/libgbm1', reason: "Electron's graphics buffers" },
  {
    name: 'fonts-dejavu-core',
    proof: '/usr/share/fonts/truetype/dejavu',
    reason: 'letters, where nothing else has any',
  },
  { name: 'unzip', proof: 'unzip', reason: 'unpacks Electron where an npm package has to carry it' },
];

/** Only for versions of Node that better-sqlite3's prebuilt addon does not run in. */
function toBuildSqlite() {
  const reason = 'builds SQLite for this version of Node';
  return ['g++', 'make', 'python3'].map((name) => ({ name, proof: name, reason }));
}

/** To show windows where there is no display, and to compare ourselves with QEMU. */
const TO_TEST = [
  { name: 'xvfb', proof: 'Xvfb', reason: 'a display for the tests of the desktop app' },
  { name: 'xauth', proof: 'xauth', reason: 'keeps that display to ourselves' },
  { name: 'qemu-utils', proof: 'qemu-img', reason: 'qemu-img and qemu-io judge the images we write' },
  {
    name: 'qemu-system-common',
    proof: 'qemu-storage-daemon',
    reason: 'qemu-storage-daemon streams as we do',
  },
  { name: 'qemu-block-extra', proof: '/usr/share/doc/qemu-block-extra', reason: 'lets QEMU read over HTTP' },
  { name: 'minisign', proof: 'minisign', reason: 'judges the signatures of feeds' },
  { name: 'qemu-system-x86', proof: 'qemu-system-x86_64', reason: 'runs machines in place of v86' },
  { name: 'qemu-system-arm', proof: 'qemu-system-aarch64', reason: '… and those with ARM processors,' },
  { name: 'qemu-efi-aarch64', proof: '/usr/share/qemu-efi-aarch64', reason: '… which start with UEFI' },
  { name: 'mmdebstrap', proof: 'mmdebstrap', reason: 'installs the Debian appliances' },
  { name: 'arch-test', proof: 'arch-test', reason: '… and finds out which of them this processor can run' },
  {
    name: 'apache2-bin',
    proof: 'apache2',
    reason: 'a web server that masters are read from; none is started',
  },
  { name: 'fio', proof: 'fio', reason: 'measures reads and writes' },
  { name: 'libnbd-bin', proof: 'nbdcopy', reason: 'nbdinfo and nbdcopy judge the disks we serve' },
  { name: 'openssl', proof: 'openssl', reason: 'makes certificates to serve disks over TLS with' },
  { name: 'socat', proof: 'socat', reason: "talks to machines' QMP sockets as people do" },
  { name: 'nbdkit', proof: 'nbdkit', reason: 'serves disks that we are to read over NBD' },
];

const PACKAGES = {
  run: TO_RUN,
  window: [...TO_RUN, ...TO_SHOW],
  test: [...TO_RUN, ...TO_SHOW, ...TO_TEST],
};

/** @param {'run' | 'window' | 'test'} purpose */
export const debianPackages = (purpose) => PACKAGES[purpose];

// Debian packages that Headwater needs from the machine it runs on: the one list, with the reason for each.
// `proof` is a command or a file of the package, for systems that do not keep track of packages the Debian way.

/** To build the default appliances; see assets/appliances/. */
const TO_RUN = [
  { name: 'binutils', proof: 'objcopy', reason: "assembles the guests' own boot code" },
  { name: 'e2fsprogs', proof: 'mke2fs', reason: "makes Tiny Linux's file system" },
  { name: 'grub-common', proof: 'grub-mkimage', reason: "makes Tiny Linux's boot loader" },
  { name: 'grub-pc-bin', proof: '/usr/lib/grub/i386-pc/boot.img', reason: 'the parts of that boot loader' },
  { name: 'lz4', proof: 'lz4', reason: "recompresses Tiny Linux's kernel, which quarters its boot" },
  { name: 'xz-utils', proof: 'xz', reason: 'unpacks the kernel as Debian ships it' },
  {
    name: 'debian-archive-keyring',
    proof: '/usr/share/keyrings/debian-archive-keyring.gpg',
    reason: 'verifies the packages the guests are made of',
  },
];

/** To compare ourselves with QEMU. */
const TO_TEST = [
  { name: 'qemu-utils', proof: 'qemu-img', reason: 'qemu-img and qemu-io judge the images we write' },
  {
    name: 'qemu-system-common',
    proof: 'qemu-storage-daemon',
    reason: 'qemu-storage-daemon streams as we do',
  },
  { name: 'qemu-block-extra', proof: '/usr/share/doc/qemu-block-extra', reason: 'lets QEMU read over HTTP' },
  { name: 'fio', proof: 'fio', reason: 'measures reads and writes' },
];

/** @param {'run' | 'test'} purpose */
export const debianPackages = (purpose) => (purpose === 'test' ? [...TO_RUN, ...TO_TEST] : TO_RUN);

import { PROGRAM } from './io-session.ts';

export const VERSION = `${PROGRAM} (options, commands and output as in qemu-io 7.2)\n`;

export const USAGE = `usage: ${PROGRAM} [OPTIONS]... [-c COMMAND]... [FILE]
Reads and writes an image by hand or from scripts; takes qemu-io's options and commands.

  -c, --cmd COMMAND    run COMMAND; may be given several times. Without it,
                       commands are read from standard input
  -f, --format FMT     raw or qed; without it, files that are named *.qed and
                       are QED images are taken as such, all others as raw
  -r, --read-only      open for reading only
  -s, --snapshot       write to a temporary overlay that is gone afterwards
  -C, --copy-on-read   store in the image what is read from its backing file
  -t, --cache MODE     none, writeback, writethrough (the default),
                       directsync or unsafe
  -n, --nocache        short for -t none
  -d, --discard MODE   unmap or ignore
  -U, --force-share    open also while others write (with -r)
  -i, --aio MODE       threads, native or io_uring: accepted, makes no difference
  -k, --native-aio     short for -i native
  -m, --misalign       accepted, makes no difference
  -h, --help           this text
  -V, --version        the version

'${PROGRAM} -c help' lists the commands.
`;

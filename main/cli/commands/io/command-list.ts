import { abort } from './commands/abort.ts';
import { aioFlush } from './commands/aio-flush.ts';
import { aioRead } from './commands/aio-read.ts';
import { aioWrite } from './commands/aio-write.ts';
import { alloc } from './commands/alloc.ts';
import { breakpoint, removeBreak, resume, waitBreak } from './commands/breakpoints.ts';
import { close } from './commands/close.ts';
import { discard } from './commands/discard.ts';
import { flush } from './commands/flush.ts';
import { helpCommand } from './commands/help.ts';
import { info } from './commands/info.ts';
import { length } from './commands/length.ts';
import { map } from './commands/map.ts';
import { open } from './commands/open.ts';
import { quit } from './commands/quit.ts';
import { read } from './commands/read.ts';
import { readv } from './commands/readv.ts';
import { reopen } from './commands/reopen.ts';
import { sigraise } from './commands/sigraise.ts';
import { sleep } from './commands/sleep.ts';
import { truncate } from './commands/truncate.ts';
import { write } from './commands/write.ts';
import { writev } from './commands/writev.ts';
import type { IoCommand } from './io-command.ts';

/** Every command of `headwater io`, in the order in which `help` lists them. */
export const IO_COMMANDS: readonly IoCommand[] = [
  abort,
  aioFlush,
  aioRead,
  aioWrite,
  alloc,
  breakpoint,
  close,
  discard,
  flush,
  helpCommand(() => IO_COMMANDS),
  info,
  length,
  map,
  open,
  quit,
  read,
  readv,
  removeBreak,
  reopen,
  resume,
  sigraise,
  sleep,
  truncate,
  waitBreak,
  write,
  writev,
];

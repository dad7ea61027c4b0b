import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import { workerScript } from '../../../main/threads/worker-script.ts';
import type { Figures } from '../measure/interleave.ts';
import type { Children } from '../workshop/children.ts';
import type { BootArguments } from './boot.ts';
import type { ConsoleArguments } from './console.ts';
import type { GuestArguments } from './guest.ts';
import type { InstantArguments } from './instant.ts';
import type { MemoryArguments } from './memory.ts';
import type { NbdArguments } from './nbd.ts';
import type { OpenArguments } from './open.ts';
import type { ServeArguments } from './serve.ts';
import type { StreamArguments } from './stream.ts';

/**
 * Our side of a measurement runs in a process of its own, as QEMU's does: nothing is warm from the round before, and
 * one that hangs can be ended. The processes are this program again, with another role.
 */
export interface Roles {
  stream: StreamArguments;
  guest: GuestArguments;
  open: OpenArguments;
  memory: MemoryArguments;
  console: ConsoleArguments;
  boot: BootArguments;
  instant: InstantArguments;
  serve: ServeArguments;
  nbd: NbdArguments;
}

export type RoleName = keyof Roles;

export const ROLE_OPTION = '--role';

const figuresSchema = z.record(z.string(), z.number());

/** Roles that serve until they are told to end; the others measure. */
export type ServingRole = 'serve' | 'nbd';

/** Has a process of its own measure. Fails when it does, or does not end in time. */
export async function runRole<Name extends Exclude<RoleName, ServingRole>>(
  children: Children,
  name: Name,
  argument: Roles[Name],
  timeoutMs: number,
): Promise<Result<Figures>> {
  const run = await children.run(process.execPath, roleCommand(name, argument), timeoutMs);
  if (!run.ok) return run;
  const figures = figuresSchema.safeParse(JSON.parse(run.value.stdout));
  return figures.success ? ok(figures.data) : err('malformed', `the role ${name} printed no figures`);
}

/** The arguments after `node` that start this program in a role. */
export function roleCommand<Name extends RoleName>(name: Name, argument: Roles[Name]): string[] {
  return [workerScript('test/bench/index'), ROLE_OPTION, name, JSON.stringify(argument)];
}

import { assertNever, unwrap, type Result } from '../../../shared/result.ts';
import type { Figures } from '../measure/interleave.ts';
import { measureBoot, type BootArguments } from './boot.ts';
import { measureConsole, type ConsoleArguments } from './console.ts';
import { measureGuest, type GuestArguments } from './guest.ts';
import { measureInstant, type InstantArguments } from './instant.ts';
import { measureMemory, type MemoryArguments } from './memory.ts';
import { serveDisk, type NbdArguments } from './nbd.ts';
import { measureOpen, type OpenArguments } from './open.ts';
import type { RoleName, ServingRole } from './role.ts';
import { serve, type ServeArguments } from './serve.ts';
import { measureStream, type StreamArguments } from './stream.ts';

/** Plays a role and prints its figures; a failure ends the process with its message. */
export async function playRole(name: RoleName, argument: string): Promise<void> {
  // Written by this very program a moment ago, see `roleCommand`.
  const given: unknown = JSON.parse(argument);
  if (name === 'serve') return serve(given as ServeArguments);
  if (name === 'nbd') return serveDisk(given as NbdArguments);
  process.stdout.write(JSON.stringify(unwrap(await measure(name, given))));
}

function measure(name: Exclude<RoleName, ServingRole>, given: unknown): Promise<Result<Figures>> {
  switch (name) {
    case 'stream':
      return measureStream(given as StreamArguments);
    case 'guest':
      return measureGuest(given as GuestArguments);
    case 'open':
      return measureOpen(given as OpenArguments);
    case 'memory':
      return measureMemory(given as MemoryArguments);
    case 'console':
      return measureConsole(given as ConsoleArguments);
    case 'boot':
      return measureBoot(given as BootArguments);
    case 'instant':
      return measureInstant(given as InstantArguments);
    default:
      return assertNever(name);
  }
}

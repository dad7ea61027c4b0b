import { err, type Result } from '../../../shared/result.ts';
import { writeWhole } from '../../block/whole-file.ts';
import type { ConsoleBroker } from '../../machines/consoles/connection.ts';
import { attachScreen, attachSerial } from '../ipc/console-relay.ts';
import type { Caller, RequestHandlers } from '../ipc/handlers.ts';
import type { ChosenPaths } from './chosen-paths.ts';

type ConsoleHandlers = Pick<RequestHandlers, 'console.attach' | 'console.type' | 'console.screenshot'>;

/**
 * A console belongs to its own window: no other one may see it or type into it.
 * @param refuseTarget fails for files that a picture must not replace
 */
export function consoleHandlers(
  consoles: ConsoleBroker,
  chosen: ChosenPaths,
  refuseTarget: (file: string) => Promise<Result<void>>,
): ConsoleHandlers {
  return {
    'console.attach': async ({ id, part }, caller) => {
      if (!isConsoleOf(id, caller)) return NOT_HERE;
      if (part === 'serial') return attachSerial(consoles, id, caller.contents);
      return attachScreen(consoles, id, caller.contents);
    },
    'console.type': async ({ id, text }, caller) =>
      isConsoleOf(id, caller) ? consoles.type(id, text) : NOT_HERE,
    'console.screenshot': async ({ id, path }, caller) => {
      if (!isConsoleOf(id, caller)) return NOT_HERE;
      const allowed = chosen.check('save', path);
      if (!allowed.ok) return allowed;
      const picture = await consoles.screenshot(id);
      return picture.ok ? writeWhole(path, picture.value, () => refuseTarget(path)) : picture;
    },
  };
}

const NOT_HERE = err('permission-denied', 'A console can only be used in its own window.');

function isConsoleOf(machineId: string, { role }: Caller): boolean {
  return role.kind === 'console' && role.machineId === machineId;
}

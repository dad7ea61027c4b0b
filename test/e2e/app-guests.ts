/** Guests of the app: its services over a folder of the running test, with v86 to run what is started. */
import path from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { openBackEnd, type BackEnd, type BackEndOptions } from '../../main/app/back-end.ts';
import { firmwareFolder } from '../../main/cli/places.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import { v86Maker } from '../../main/machines/v86/make-machine.ts';

/** Guests run many times slower on a busy machine. */
export const LONG = { timeout: 500_000, interval: 200 };

export async function openApp(
  folder: string,
  publish: BackEndOptions['publish'] = () => undefined,
): Promise<BackEnd> {
  const backEnd = unwrap(
    await openBackEnd({
      publish,
      warn: () => undefined,
      clock: systemClock,
      dataFolder: path.join(folder, 'data'),
      recipesFolder: path.join(folder, 'none'),
      makeMachine: v86Maker(firmwareFolder()),
    }),
  );
  onTestFinished(() => backEnd.close());
  return backEnd;
}

/** The serial console of a machine that boots, logged in. */
export async function consoleOf(backEnd: BackEnd, id: string): Promise<SerialConsole> {
  const machine = await vi.waitFor(() => {
    const running = backEnd.machines.running(id);
    if (running === null) throw new Error('The machine is off');
    return running;
  }, LONG);
  const console = new SerialConsole(machine, systemClock, { withinMs: LONG.timeout });
  onTestFinished(() => console.dispose());
  unwrap(await console.login('root'));
  return console;
}

export async function powerOff(backEnd: BackEnd, id: string, console: SerialConsole): Promise<void> {
  console.sendLine('poweroff');
  await vi.waitFor(() => expect(backEnd.machines.running(id)).toBeNull(), LONG);
}

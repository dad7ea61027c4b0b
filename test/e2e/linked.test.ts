import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { openBackEnd, type BackEnd } from '../../main/app/back-end.ts';
import { parseLinkSpec } from '../../main/serve/link-spec.ts';
import { firmwareFolder } from '../../main/cli/places.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import { v86Maker } from '../../main/machines/v86/make-machine.ts';
import { FetchLedger } from '../support/fetch-ledger.ts';
import { installed } from '../support/machine-workbench.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Guests run many times slower on a busy machine. */
const PATIENCE = { withinMs: 500_000 };
const LONG = { timeout: 500_000, interval: 200 };

async function open(folder: string): Promise<BackEnd> {
  const backEnd = unwrap(
    await openBackEnd({
      publish: () => undefined,
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

async function consoleOf(backEnd: BackEnd, id: string): Promise<SerialConsole> {
  const machine = await vi.waitFor(() => {
    const running = backEnd.machines.running(id);
    if (running === null) throw new Error('The machine is off');
    return running;
  }, LONG);
  const console = new SerialConsole(machine, systemClock, PATIENCE);
  onTestFinished(() => console.dispose());
  unwrap(await console.login('root'));
  return console;
}

async function inGuest(console: SerialConsole, command: string): Promise<string> {
  const { output, status } = unwrap(await console.run(command));
  expect(status, output).toBe(0);
  return output;
}

async function powerOff(backEnd: BackEnd, id: string, console: SerialConsole): Promise<void> {
  console.sendLine('poweroff');
  await vi.waitFor(() => expect(backEnd.machines.running(id)).toBeNull(), LONG);
}

async function copyOf({ disks }: BackEnd) {
  const copies = unwrap(await disks.list()).filter(({ copy }) => copy !== null);
  expect(copies).toHaveLength(1);
  return copies[0];
}

describe('two Tiny Linux machines that are linked to one copy of a master far away', () => {
  it('boot from it side by side, fetch every byte once, and boot again when the master is gone', async () => {
    const { masterPath, description } = installed('tiny-linux');
    const ledger = new FetchLedger(description.disk.sizeBytes);
    const link = unwrap(parseLinkSpec('100mbit,10ms'));
    const far = await serve(masterPath, { link, onRequest: ledger.note });
    const folder = tempFolder();
    const first = await open(folder);
    const master = unwrap(await first.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const make = async (name: string) => {
      const wanted = {
        applianceId: master.id,
        name,
        kind: 'linked',
        memoryMiB: description.memoryMiB,
        start: true,
      } as const;
      return unwrap(await first.machines.create(wanted)).id;
    };
    const ids = [await make('One'), await make('Two')];
    const consoles = await Promise.all(ids.map((id) => consoleOf(first, id)));
    const sums = await Promise.all(
      consoles.map((console) => inGuest(console, 'sha256sum /usr/bin/*a* 2>/dev/null')),
    );
    expect(sums[0]).toBe(sums[1]);
    await Promise.all(
      consoles.map((console, index) => inGuest(console, `echo ${index} > /root/who && sync`)),
    );
    await vi.waitFor(async () => expect(await copyOf(first)).toMatchObject({ state: 'complete' }), LONG);
    expect(ledger.sentAgain).toBeNull();
    for (const [index, console] of consoles.entries()) await powerOff(first, ids[index] ?? '', console);
    const machines = unwrap(await first.machines.list());
    for (const { disks } of machines) expect(disks[0]?.fileBytes).toBeLessThan(16 * MIB);
    await first.close();
    await far.close();

    const second = await open(folder);
    const [, two = ''] = ids;
    unwrap(await second.machines.command({ id: two, command: 'start' }));
    const again = await consoleOf(second, two);
    expect(await inGuest(again, 'cat /root/who')).toBe('1\n');
    expect(await inGuest(again, 'sha256sum /usr/bin/*a* 2>/dev/null')).toBe(sums[1]);
    await powerOff(second, two, again);
  });
});

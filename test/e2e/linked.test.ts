import { describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import type { BackEnd } from '../../main/app/back-end.ts';
import { parseLinkSpec } from '../../main/serve/link-spec.ts';
import { inGuest } from '../support/in-guest.ts';
import { FetchLedger } from '../support/fetch-ledger.ts';
import { installed } from '../support/machine-workbench.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { consoleOf, LONG, openApp, powerOff } from './app-guests.ts';

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
    const first = await openApp(folder);
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

    const second = await openApp(folder);
    const [, two = ''] = ids;
    unwrap(await second.machines.command({ id: two, command: 'start' }));
    const again = await consoleOf(second, two);
    expect(await inGuest(again, 'cat /root/who')).toBe('1\n');
    expect(await inGuest(again, 'sha256sum /usr/bin/*a* 2>/dev/null')).toBe(sums[1]);
    await powerOff(second, two, again);
  });
});

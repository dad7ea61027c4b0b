import type { NewMachine } from '../../shared/ipc/catalog.ts';
import type { MachineView } from '../../shared/ipc/machines.ts';
import { m } from '../i18n/index.ts';
import { go } from '../state/route.ts';
import { app } from '../state/index.ts';

/** Makes a machine and, when it is to start, opens its console at once: no download is waited for. */
export async function startMachine(choices: NewMachine): Promise<MachineView | undefined> {
  const machine = await app.run('machines.create', choices);
  if (!machine) return undefined;
  app.machines.put(machine);
  const show = { label: () => m().catalog.showMachine, run: () => go({ screen: 'machine', id: machine.id }) };
  app.notices.add('info', () => m().catalog.created(machine.name), show);
  if (choices.start) await app.run('machines.openConsole', { id: machine.id });
  return machine;
}

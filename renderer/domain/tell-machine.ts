import type { MachineCommand, MachineView } from '../../shared/ipc/machines.ts';
import { m } from '../i18n/index.ts';
import { app } from '../state/index.ts';
import { ignoredShutDown, isOn } from './machine-commands.ts';

/** By then a guest that heeds its power button has at least begun. */
const HEEDED_MS = 10_000;

/** Gives an order, and says so where a guest takes no notice of it. @returns whether it was obeyed */
export async function order(machine: MachineView, command: MachineCommand): Promise<boolean> {
  const done = await app.run('machines.command', { id: machine.id, command });
  if (done !== undefined && command === 'power-button') setTimeout(() => followUp(machine), HEEDED_MS);
  return done !== undefined;
}

/** Like {@link order}; who starts a machine gets to see it, as from the catalog. */
export async function tell(machine: MachineView, command: MachineCommand): Promise<void> {
  const { id, state } = machine;
  const starts = !isOn(state) && ['start', 'boot', 'resume'].includes(command);
  if ((await order(machine, command)) && starts) await app.run('machines.openConsole', { id });
}

function followUp(asked: MachineView): void {
  const { id, name } = asked;
  if (!ignoredShutDown(asked, app.machines.get(id))) return;
  const forceOff = () => {
    if (isOn(app.machines.get(id)?.state ?? 'off')) void app.run('machines.command', { id, command: 'kill' });
  };
  app.notices.add('warning', () => m().machines.unheeded(name), {
    label: () => m().machines.command.kill,
    run: forceOff,
  });
}

import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { MachineCommand, MachineView } from '../../shared/ipc/machines.ts';
import type { Messages } from '../i18n/en.ts';
import { commandsFor } from '../machines/machine-commands.ts';
import type { Route, ScreenName } from './route.ts';

export interface Command {
  readonly id: string;
  readonly label: string;
  run(): void;
}

export interface CommandActions {
  go(to: Route): void;
  start(appliance: ApplianceView): void;
  openConsole(machine: MachineView): void;
  tell(machine: MachineView, command: MachineCommand): void;
}

const SCREENS: readonly ScreenName[] = ['catalog', 'machines', 'overlays', 'preferences'];

/** All that the palette offers. */
export function commands(
  machines: readonly MachineView[],
  appliances: readonly ApplianceView[],
  words: Messages,
  actions: CommandActions,
): readonly Command[] {
  return [
    ...SCREENS.map((screen) => ({
      id: screen,
      label: words.shell[screen],
      run: () => actions.go({ screen }),
    })),
    ...machines.flatMap((machine) => [
      {
        id: `machine ${machine.id}`,
        label: words.shell.openMachine(machine.name),
        run: () => actions.go({ screen: 'machine', id: machine.id }),
      },
      {
        id: `console ${machine.id}`,
        label: words.shell.openConsole(machine.name),
        run: () => actions.openConsole(machine),
      },
      ...sleepCommands(machine, words, actions),
    ]),
    ...appliances
      .filter(({ available }) => available)
      .map((appliance) => ({
        id: `start ${appliance.id}`,
        label: words.shell.startAppliance(appliance.name),
        run: () => actions.start(appliance),
      })),
  ];
}

function sleepCommands(
  machine: MachineView,
  { machines: words }: Messages,
  actions: CommandActions,
): Command[] {
  const { main, others } = commandsFor(machine.state);
  const offer = (command: 'suspend' | 'resume', label: string): Command[] => [
    { id: `${command} ${machine.id}`, label, run: () => actions.tell(machine, command) },
  ];
  if (others.includes('suspend')) return offer('suspend', words.suspendNamed(machine.name));
  return main === 'resume' ? offer('resume', words.resumeNamed(machine.name)) : [];
}

/** More would not be read. */
const MOST = 50;

/** Those that have all words typed. */
export function matchingCommands(all: readonly Command[], text: string): readonly Command[] {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ label }) => terms.every((term) => label.toLowerCase().includes(term))).slice(0, MOST);
}

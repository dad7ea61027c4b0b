import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { MachineView } from '../../shared/ipc/machines.ts';
import type { Messages } from '../i18n/en.ts';
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
}

const SCREENS: readonly ScreenName[] = ['catalog', 'machines', 'overlays', 'preferences'];

/** All that the palette offers. */
export function commands(
  machines: readonly MachineView[],
  appliances: readonly ApplianceView[],
  words: Messages['shell'],
  actions: CommandActions,
): readonly Command[] {
  return [
    ...SCREENS.map((screen) => ({ id: screen, label: words[screen], run: () => actions.go({ screen }) })),
    ...machines.flatMap((machine) => [
      {
        id: `machine ${machine.id}`,
        label: words.openMachine(machine.name),
        run: () => actions.go({ screen: 'machine', id: machine.id }),
      },
      {
        id: `console ${machine.id}`,
        label: words.openConsole(machine.name),
        run: () => actions.openConsole(machine),
      },
    ]),
    ...appliances
      .filter(({ available }) => available)
      .map((appliance) => ({
        id: `start ${appliance.id}`,
        label: words.startAppliance(appliance.name),
        run: () => actions.start(appliance),
      })),
  ];
}

/** More would not be read. */
const MOST = 50;

/** Those that have all words typed. */
export function matchingCommands(all: readonly Command[], text: string): readonly Command[] {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ label }) => terms.every((term) => label.toLowerCase().includes(term))).slice(0, MOST);
}

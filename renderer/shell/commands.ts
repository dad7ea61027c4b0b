import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { DiskView, MachineCommand, MachineView } from '../../shared/ipc/machines.ts';
import type { Preferences } from '../../shared/preferences.ts';
import type { Messages } from '../i18n/en.ts';
import { commandsFor, isOn, losesWork } from '../domain/machine-commands.ts';
import { PREFERENCE_SECTIONS, type Route, type ScreenName } from '../state/route.ts';
import { streamSummary } from './stream-summary.ts';

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
}

export interface CommandActions {
  readonly go: (to: Route) => void;
  readonly addAppliance: () => void;
  readonly addFeed: () => void;
  readonly readNotices: () => void;
  readonly start: (appliance: ApplianceView) => void;
  readonly openConsole: (machine: MachineView) => void;
  readonly tell: (machine: MachineView, command: MachineCommand) => void;
  readonly streamAll: (command: 'pause' | 'resume') => void;
  readonly setTheme: (theme: Preferences['theme']) => void;
}

/** What there is to do something with. */
export interface CommandObjects {
  readonly machines: readonly MachineView[];
  readonly disks: readonly DiskView[];
  readonly appliances: readonly ApplianceView[];
}

const SCREENS: readonly ScreenName[] = ['catalog', 'machines', 'overlays', 'preferences'];
const THEMES = ['system', 'light', 'dark', 'contrast'] as const;

/** All that the palette offers. */
export function commands(
  { machines, disks, appliances }: CommandObjects,
  words: Messages,
  actions: CommandActions,
): readonly Command[] {
  return [
    ...SCREENS.map((screen) => ({
      id: screen,
      label: words.shell[screen],
      run: () => actions.go({ screen }),
    })),
    { id: 'add appliance', label: words.catalog.addMaster, run: actions.addAppliance },
    { id: 'add feed', label: words.feeds.add, run: actions.addFeed },
    { id: 'notices', label: words.notices.heading, run: actions.readNotices },
    ...streamCommands(disks, words, actions),
    ...machines.flatMap((machine) => machineCommands(machine, words, actions)),
    ...appliances
      .filter(({ available }) => available)
      .map((appliance) => ({
        id: `start ${appliance.id}`,
        label: words.shell.startAppliance(appliance.name),
        run: () => actions.start(appliance),
      })),
    ...PREFERENCE_SECTIONS.map((section) => ({
      id: `preferences ${section}`,
      label: words.shell.openPreferences(words.preferences.sections[section]),
      run: () => actions.go({ screen: 'preferences', section }),
    })),
    ...THEMES.map((theme) => ({
      id: `theme ${theme}`,
      label: words.shell.useTheme(words.preferences.themes[theme]),
      run: () => actions.setTheme(theme),
    })),
  ];
}

/** As far as there is something to pause or to resume. */
function streamCommands(
  disks: readonly DiskView[],
  { shell }: Messages,
  { streamAll }: CommandActions,
): Command[] {
  const { streaming, waiting, paused } = streamSummary(disks);
  const some = (count: number, command: 'pause' | 'resume', label: string): Command[] =>
    count === 0 ? [] : [{ id: `${command} streams`, label, run: () => streamAll(command) }];
  return [
    ...some(streaming.length + waiting.length, 'pause', shell.pauseAllStreams),
    ...some(paused.length, 'resume', shell.resumeAllStreams),
  ];
}

/** What would lose a guest's work is left to where it is asked about first. */
function machineCommands(machine: MachineView, words: Messages, actions: CommandActions): Command[] {
  const { id, name, state } = machine;
  const { main, others } = commandsFor(machine);
  const offered = [...(main ? [main] : []), ...others].filter((command) => !losesWork(command));
  return [
    {
      id: `machine ${id}`,
      label: words.shell.openMachine(name),
      run: () => actions.go({ screen: 'machine', id }),
    },
    ...(isOn(state)
      ? [
          {
            id: `console ${id}`,
            label: words.shell.openConsole(name),
            run: () => actions.openConsole(machine),
          },
        ]
      : []),
    ...offered.map((command) => ({
      id: `${command} ${id}`,
      label: words.shell.machineCommand(name, words.machines.command[command]),
      run: () => actions.tell(machine, command),
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

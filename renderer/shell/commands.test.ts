import { describe, expect, it, vi } from 'vitest';
import { en } from '../i18n/en.ts';
import { aDisk, aMachine, anAppliance } from '../testing/samples.ts';
import { commands, matchingCommands, type CommandActions, type CommandObjects } from './commands.ts';

const actions = {
  go: vi.fn<CommandActions['go']>(),
  addAppliance: vi.fn(),
  addFeed: vi.fn(),
  readNotices: vi.fn(),
  start: vi.fn<CommandActions['start']>(),
  openConsole: vi.fn<CommandActions['openConsole']>(),
  tell: vi.fn<CommandActions['tell']>(),
  streamAll: vi.fn<CommandActions['streamAll']>(),
  setTheme: vi.fn<CommandActions['setTheme']>(),
} satisfies CommandActions;

const server = aMachine({ id: 'm', name: 'Build server' });
const all = (objects: Partial<CommandObjects> = {}) =>
  commands({ machines: [], disks: [], appliances: [], ...objects }, en, actions);
const ids = (objects?: Partial<CommandObjects>) => all(objects).map(({ id }) => id);
const run = (id: string, objects?: Partial<CommandObjects>) =>
  all(objects)
    .find((command) => command.id === id)
    ?.run();

describe('the commands', () => {
  it('are screens, what can be added, sections of the preferences and themes', () =>
    expect(ids()).toEqual([
      'catalog',
      'machines',
      'overlays',
      'preferences',
      'add appliance',
      'add feed',
      'notices',
      'preferences bandwidth',
      'preferences schedule',
      'preferences appearance',
      'preferences storage',
      'preferences feeds',
      'preferences about',
      'theme system',
      'theme light',
      'theme dark',
      'theme contrast',
    ]));

  it('of a machine are those that make sense in its state and lose no work', () => {
    const of = (state: 'running' | 'suspended' | 'off') =>
      ids({ machines: [aMachine({ id: 'm', state })] }).filter((id) => id.endsWith(' m'));
    expect(of('running')).toEqual(['machine m', 'console m', 'power-button m', 'suspend m', 'pause m']);
    expect(of('suspended')).toEqual(['machine m', 'resume m']);
    expect(of('off')).toEqual(['machine m', 'start m']);
  });

  it('start appliances that can be started', () =>
    expect(
      ids({ appliances: [anAppliance(), anAppliance({ id: 'gone', available: false })] }).filter((id) =>
        id.startsWith('start'),
      ),
    ).toEqual(['start tiny-linux']));

  it('pause and resume all streams while there are such', () => {
    const streams = (disks: CommandObjects['disks']) => ids({ disks }).filter((id) => id.endsWith('streams'));
    expect(streams([])).toEqual([]);
    expect(streams([aDisk()])).toEqual(['pause streams']);
    expect(streams([aDisk(), aDisk({ state: 'paused' })])).toEqual(['pause streams', 'resume streams']);
  });

  it('do what they say', () => {
    run('power-button m', { machines: [server] });
    expect(actions.tell).toHaveBeenCalledWith(server, 'power-button');
    run('preferences feeds');
    expect(actions.go).toHaveBeenCalledWith({ screen: 'preferences', section: 'feeds' });
    run('theme dark');
    expect(actions.setTheme).toHaveBeenCalledWith('dark');
    run('pause streams', { disks: [aDisk()] });
    expect(actions.streamAll).toHaveBeenCalledWith('pause');
  });

  it('are found by all words in any order', () =>
    expect(matchingCommands(all({ machines: [server] }), 'server CONSOLE').map(({ id }) => id)).toEqual([
      'console m',
    ]));
});

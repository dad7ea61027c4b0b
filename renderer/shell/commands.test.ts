import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { aMachine, anAppliance } from '../testing/samples.ts';
import { commands, matchingCommands } from './commands.ts';

const nothing = () => undefined;
const all = commands(
  [
    aMachine({ id: 'm', name: 'Build server' }),
    aMachine({ id: 's', name: 'Sleeper', state: 'suspended' }),
    aMachine({ id: 'o', name: 'Old', state: 'off' }),
  ],
  [anAppliance(), anAppliance({ id: 'gone', name: 'Gone', available: false })],
  en,
  { go: nothing, start: nothing, openConsole: nothing, tell: nothing },
);

describe('the commands', () => {
  it('are screens, machines and appliances that can start', () =>
    expect(all.map(({ id }) => id)).toEqual([
      'catalog',
      'machines',
      'overlays',
      'preferences',
      'machine m',
      'console m',
      'suspend m',
      'machine s',
      'console s',
      'resume s',
      'machine o',
      'console o',
      'start tiny-linux',
    ]));

  it('are found by all words in any order', () =>
    expect(matchingCommands(all, 'server CONSOLE').map(({ id }) => id)).toEqual(['console m']));
});

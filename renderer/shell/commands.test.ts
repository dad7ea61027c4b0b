import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { aMachine, anAppliance } from '../testing/samples.ts';
import { commands, matchingCommands } from './commands.ts';

const nothing = () => undefined;
const all = commands(
  [aMachine({ id: 'm', name: 'Build server' })],
  [anAppliance(), anAppliance({ id: 'gone', name: 'Gone', available: false })],
  en.shell,
  { go: nothing, start: nothing, openConsole: nothing },
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
      'start tiny-linux',
    ]));

  it('are found by all words in any order', () =>
    expect(matchingCommands(all, 'server CONSOLE').map(({ id }) => id)).toEqual(['console m']));
});

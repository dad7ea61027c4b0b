import { describe, expect, it } from 'vitest';
import { machineStateSchema } from '../../shared/ipc/machines.ts';
import { en } from '../i18n/en.ts';
import { aMachine } from '../testing/samples.ts';
import { commandHint, commandsFor, ignoredShutDown } from './machine-commands.ts';

describe('the commands of a machine', () => {
  it('offer a way on in every state', () => {
    for (const state of machineStateSchema.options) {
      const { main, others } = commandsFor({ state, instantStart: null, canSuspend: true });
      expect([main, ...others].filter(Boolean)).not.toEqual([]);
    }
  });

  it('leave out to suspend what cannot be', () => {
    expect(commandsFor(aMachine()).others).toContain('suspend');
    expect(commandsFor(aMachine({ canSuspend: false })).others).not.toContain('suspend');
  });

  it('are told apart where they are alike', () => {
    const hints = (['power-button', 'stop', 'kill'] as const).map((name) => commandHint(name, en.machines));
    expect(new Set(hints).size).toBe(3);
    expect(commandHint('start', en.machines)).toBeUndefined();
  });
});

describe('a guest that was asked to shut down', () => {
  const asked = aMachine({ state: 'running', startedAtMs: 1 });
  it('has ignored that when its machine is still on', () => {
    expect(ignoredShutDown(asked, asked)).toBe(true);
    expect(ignoredShutDown(asked, { ...asked, state: 'waiting-for-data' })).toBe(true);
  });

  it('has not when it is off or going off, was started anew, or is gone', () => {
    expect(ignoredShutDown(asked, { ...asked, state: 'off' })).toBe(false);
    expect(ignoredShutDown(asked, { ...asked, state: 'stopping' })).toBe(false);
    expect(ignoredShutDown(asked, { ...asked, startedAtMs: 2 })).toBe(false);
    expect(ignoredShutDown(asked, undefined)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import type { Push } from '../../shared/ipc/channel.ts';
import { err, ok } from '../../shared/result.ts';
import { inSequence } from '../ipc/sequence.ts';
import { aDisk, aMachine } from '../testing/samples.ts';
import { AppState } from './app-state.ts';
import type { Client } from './client.ts';

/** A client whose answers are given, and whose news the test makes. */
function fakeClient(answers: Record<string, unknown>) {
  const asked: string[] = [];
  const listeners = new Map<string, (message: Push<never>) => void>();
  const client: Client = {
    request: (name) => {
      asked.push(name);
      const answer = answers[name];
      return Promise.resolve(answer === undefined ? err('not-found', `no ${name}`) : ok(answer as never));
    },
    subscribe: (name, listener, onGap) => {
      listeners.set(name, inSequence(listener, onGap));
      return () => listeners.delete(name);
    },
  };
  const push = (name: string, sequence: number, payload: unknown) =>
    listeners.get(name)?.({ sequence, payload: payload as never });
  return { client, asked, push, listeners };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the state of the main window', () => {
  it('starts with snapshots and follows the news', async () => {
    const { client, push } = fakeClient({ 'machines.list': [aMachine({ id: 'a' })], 'disks.list': [] });
    const state = new AppState(client);
    state.connect();
    await settled();
    push('machine.changed', 1, aMachine({ id: 'b' }));
    expect(state.machines.all.map(({ id }) => id)).toEqual(['a', 'b']);
    push('machine.removed', 1, { id: 'a' });
    expect(state.machines.all.map(({ id }) => id)).toEqual(['b']);
  });

  it('asks again only for the list whose news has a gap', async () => {
    const { client, asked, push } = fakeClient({ 'machines.list': [], 'disks.list': [] });
    const state = new AppState(client);
    state.connect();
    await settled();
    asked.length = 0;
    push('disk.changed', 1, aDisk({ id: 'd' }));
    push('disk.changed', 2, aDisk({ id: 'd' }));
    expect(asked).toEqual([]);
    push('disk.changed', 9, aDisk({ id: 'd' }));
    expect(asked).toEqual(['disks.list']);
  });

  it('shows the newest word on a disk, wherever it came from', async () => {
    const machine = aMachine({ id: 'm', disks: [aDisk({ id: 'd', rate: 1 })] });
    const { client, push } = fakeClient({ 'machines.list': [machine], 'disks.list': [] });
    const state = new AppState(client);
    state.connect();
    await settled();
    expect(state.disksOf(machine)[0]?.rate).toBe(1);
    push('disk.changed', 1, aDisk({ id: 'd', rate: 2 }));
    expect(state.disksOf(machine)[0]?.rate).toBe(2);
  });

  it('turns failures into notices', async () => {
    const state = new AppState(fakeClient({}).client);
    expect(await state.run('machines.openConsole', { id: 'a' })).toBeUndefined();
    expect(state.notices.shown.map(({ level, say }) => [level, say()])).toEqual([
      ['error', 'no machines.openConsole'],
    ]);
  });

  it('stops listening', () => {
    const { client, listeners } = fakeClient({});
    new AppState(client).connect()();
    expect(listeners.size).toBe(0);
  });
});

import type { Bridge } from '../../../../shared/ipc/bridge.ts';
import type { RequestAnswer, RequestName } from '../../../../shared/ipc/contract.ts';
import { REQUESTS } from '../../../../shared/ipc/contract.ts';
import { CATALOG_PAGE, type CatalogPlace } from '../../../../shared/ipc/catalog.ts';
import type { ClusterMapCell, DiskView, MachineView } from '../../../../shared/ipc/machines.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { aDisk, aFeedView, aMachine } from '../../../../renderer/testing/samples.ts';
import { PAST_NOTICES, type Scenario } from './scenarios.ts';

type Answers = {
  readonly [Name in RequestName]?: (input: never) => RequestAnswer<Name> | Result<RequestAnswer<Name>>;
};

const TICK_MS = 500;
const STREAM_STATES = {
  start: 'streaming',
  pause: 'paused',
  resume: 'streaming',
  cancel: 'not-started',
  'retry-now': 'streaming',
  'resume-anyway': 'streaming',
  'complete-now': 'streaming',
} as const;
const MACHINE_STATES = {
  start: 'running',
  pause: 'paused',
  resume: 'running',
  suspend: 'suspended',
  'discard-state': 'off',
  reset: 'running',
  'power-button': 'off',
  stop: 'off',
  kill: 'off',
} as const;

/** A main process that only pretends: it keeps a scenario in memory, does what it is asked, and lets disks stream. */
export function pretendedBridge(scenario: Scenario): Bridge {
  const machines = new Map(scenario.machines.map((machine) => [machine.id, machine]));
  const feeds = new Map(scenario.feeds.map((feed) => [feed.id, feed]));
  const disks = new Map(scenario.disks.map((disk) => [disk.id, disk]));
  const listeners = new Map<string, ((message: unknown) => void)[]>();
  const sequences = new Map<string, number>();
  let { preferences } = scenario;

  function push(name: string, payload: unknown): void {
    const sequence = (sequences.get(name) ?? 0) + 1;
    sequences.set(name, sequence);
    for (const listener of listeners.get(name) ?? []) listener({ sequence, payload });
  }
  function changeDisk(id: string, change: Partial<DiskView>): null {
    const disk = aDisk({ ...disks.get(id), ...change });
    disks.set(id, disk);
    push('disk.changed', disk);
    return null;
  }
  function changeMachine(id: string, change: Partial<MachineView>): MachineView {
    const machine = aMachine({ ...machines.get(id), ...change, id });
    machines.set(id, machine);
    push('machine.changed', machine);
    return machine;
  }
  function newMachine(change: Partial<MachineView>): MachineView {
    const id = `machine-${machines.size + 1}`;
    const disk = aDisk({ id: `disk-${machines.size + 1}`, machineId: id, localBytes: 0 });
    changeDisk(disk.id, disk);
    return changeMachine(id, { ...change, disks: [disk], createdAtMs: Date.now() });
  }
  const list = <T>(values: readonly T[]): T[] | Result<T[]> =>
    scenario.broken === undefined
      ? [...values]
      : err('unsupported', scenario.broken, { words: ['catalog-newer'] });

  const answers: Answers = {
    'app.info': () => ({
      version: '0.1.0',
      electron: '33.2.1',
      platform: 'linux',
      carriedRuntime: true,
      qemuImg: true,
    }),
    'catalog.list': ({ from }: CatalogPlace) =>
      scenario.broken === undefined
        ? {
            listing: 1,
            total: scenario.appliances.length,
            appliances: scenario.appliances.slice(from, from + CATALOG_PAGE),
          }
        : err('unsupported', scenario.broken, { words: ['catalog-newer'] }),
    'catalog.install': () => null,
    'feeds.list': () => list([...feeds.values()]),
    'feeds.look': ({ location }: { location: string }) =>
      location.endsWith('/index.json')
        ? {
            ...aFeedView({ kind: 'simplestreams', name: 'images', location }),
            key: null,
            fingerprint: null,
            known: false,
          }
        : { ...aFeedView({ location }), known: false },
    'feeds.add': ({ location, key }: { location: string; key: string | null }) => {
      const feed = aFeedView({ id: location.replaceAll(/[^a-z0-9]/g, ''), location, key });
      feeds.set(feed.id, feed);
      push('feeds.changed', [...feeds.values()]);
      return feed;
    },
    'feeds.refresh': () => null,
    'feeds.remove': ({ id }: { id: string }) => {
      feeds.delete(id);
      push('feeds.changed', [...feeds.values()]);
      return null;
    },
    'activities.list': () => [],
    'notices.list': () => [...PAST_NOTICES],
    'masters.list': () => list(scenario.masters),
    'machines.list': () => list([...machines.values()]),
    'disks.list': () => list([...disks.values()]),
    'machines.create': ({
      name,
      start,
      applianceId,
    }: {
      name?: string;
      start: boolean;
      applianceId: string;
    }) => newMachine({ applianceId, name: name ?? 'Tiny Linux 3', state: start ? 'starting' : 'off' }),
    'machines.duplicate': ({ id }: { id: string }) =>
      newMachine({ ...machines.get(id), name: 'Copy', state: 'off' }),
    'machines.command': ({ id, command }: { id: string; command: keyof typeof MACHINE_STATES }) => {
      const state = MACHINE_STATES[command];
      const savedState = state === 'suspended' ? { savedAtMs: Date.now(), fileBytes: 31_000_000 } : null;
      changeMachine(id, { state, savedState, failure: null });
      return null;
    },
    'machines.rename': ({ id, name }: { id: string; name: string }) => {
      changeMachine(id, { name });
      return null;
    },
    'machines.setMemory': ({ id, memoryMiB }: { id: string; memoryMiB: number }) => {
      changeMachine(id, { memoryMiB });
      return null;
    },
    'machines.setHardware': ({ id, hardware }: Pick<MachineView, 'id' | 'hardware'>) => {
      changeMachine(id, { hardware });
      return null;
    },
    'machines.remove': ({ id }: { id: string }) => {
      const freedBytes = machines.get(id)?.disks.reduce((sum, disk) => sum + disk.fileBytes, 0) ?? 0;
      for (const disk of machines.get(id)?.disks ?? []) {
        disks.delete(disk.id);
        push('disk.removed', { id: disk.id });
      }
      machines.delete(id);
      push('machine.removed', { id });
      return { freedBytes };
    },
    'machines.openConsole': () => null,
    'masters.remove': () => null,
    'disks.stream': ({ id, command }: { id: string; command: keyof typeof STREAM_STATES }) =>
      changeDisk(id, {
        state: STREAM_STATES[command],
        heldBy: null,
        rate: 0,
        failure: null,
        waitingReads: 0,
        ...(command === 'complete-now' && { priority: 'high', limit: 0, ownLimit: 0, kind: 'standalone' }),
      }),
    'disks.setLimit': ({ id, limit }: { id: string; limit: number | null }) =>
      changeDisk(id, { limit: limit ?? preferences.diskLimit, ownLimit: limit }),
    'disks.setPriority': ({ id, priority }: { id: string; priority: DiskView['priority'] }) =>
      changeDisk(id, { priority }),
    'disks.setOnError': ({ id, onError }: { id: string; onError: DiskView['onError'] }) =>
      changeDisk(id, { onError }),
    'disks.check': ({ repair }: { repair: 'none' | 'leaks' | 'all' }) => ({
      corruptions: 0,
      corruptionsFixed: 0,
      leaks: repair === 'none' ? 3 : 0,
      leaksFixed: repair === 'none' ? 0 : 3,
      freedBytes: repair === 'none' ? 0 : 196_608,
      summary: '',
    }),
    'disks.map': ({ id, cells }: { id: string; cells: number }) => mapOf(disks.get(id) ?? aDisk(), cells),
    'disks.showInFolder': () => null,
    'disks.export': () => null,
    'preferences.get': () => preferences,
    'preferences.set': (change: object) => {
      preferences = { ...preferences, ...change };
      push('preferences.changed', preferences);
      return preferences;
    },
    'dialog.chooseFile': () => '/home/ada/images/measurements.qcow2',
    'dialog.chooseFolder': () => '/srv/machines',
    'dialog.chooseSavePath': () => '/home/ada/export.raw',
  };

  let ticks = 0;
  setInterval(() => {
    ticks += 1;
    for (const disk of disks.values())
      if (disk.state === 'streaming') changeDisk(disk.id, streamed(disk, ticks));
  }, TICK_MS);

  return {
    async request(name, input) {
      const checked = REQUESTS[name as RequestName].input.safeParse(input);
      if (!checked.success) return err('invalid-argument', checked.error.message);
      const answer = answers[name as RequestName]?.(checked.data as never);
      if (answer === undefined) return err('unsupported', `${name} is not pretended.`);
      return typeof answer === 'object' && answer !== null && 'ok' in answer ? answer : ok(answer);
    },
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return () =>
        listeners.set(
          name,
          (listeners.get(name) ?? []).filter((other) => other !== listener),
        );
    },
  };
}

/** A little later: the rate wanders about as real ones do. */
function streamed(disk: DiskView, tick: number): Partial<DiskView> {
  const usual = disk.lengthBytes > 1e12 ? 1.1e8 : 2.2e6;
  const rate = usual * (1 + 0.18 * Math.sin(tick / 7) + 0.08 * Math.sin(tick * 1.7));
  const localBytes = Math.round(Math.min(disk.lengthBytes, (disk.localBytes ?? 0) + (rate * TICK_MS) / 1000));
  if (localBytes === disk.lengthBytes) return { state: 'complete', localBytes, rate: 0, etaMs: null };
  return { localBytes, rate, etaMs: ((disk.lengthBytes - localBytes) / rate) * 1000 };
}

/** A boot's scattered reads, a stream from the front, and some zeroes. */
function mapOf(disk: DiskView, count: number): ClusterMapCell[] {
  const share = disk.state === 'complete' ? 1 : (disk.localBytes ?? 0) / disk.lengthBytes;
  return Array.from({ length: count }, (_, index) => {
    const noise = Math.abs(Math.sin(index * 127.1) * 43758.5453) % 1;
    const isHere = share === 1 || index / count < share * 0.8 || noise < share * 0.25;
    const isZero = Math.floor(index / 23) % 5 === 3;
    const front = index / count - share * 0.8;
    const fetching = disk.state === 'streaming' && front >= 0 && front < 0.02;
    if (isHere) {
      const demanded = noise < 0.06 && share < 1 && !isZero ? 1 : 0;
      return { data: isZero ? 0 : 1, zero: isZero ? 1 : 0, missing: 0, fetching: 0, demanded };
    }
    const some = noise < share * 0.5 ? noise : 0;
    return { data: some, zero: 0, missing: 1 - some, fetching: fetching ? 1 - some : 0, demanded: some / 2 };
  });
}

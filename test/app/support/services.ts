import { USUAL_HARDWARE } from '../../../shared/hardware.ts';
/** Services that tests steer from outside: they note what they are asked, machines exist in name only, consoles echo. */
import type { ConsoleBroker } from '../../../main/machines/consoles/connection.ts';
import type { OpenServices, Publish, ServiceGroups } from '../../../main/app/services.ts';
import { forgetfulWindowStates } from '../../../main/app/windows/window-state.ts';
import { REQUESTS } from '../../../shared/ipc/contract.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import { DONE, err, ok } from '../../../shared/result.ts';

/** What a test reaches with `app.evaluate`, as `globalThis.headwaterTest`. */
export interface TestHooks {
  running: number;
  closed: boolean;
  openConsoles: number;
  /** Everything that passed the checks of the border so far, by the name of the request. */
  readonly asked: { readonly name: string; readonly input: unknown }[];
  publish: Publish;
}

declare global {
  var headwaterTest: TestHooks;
}

/** A file that these services need for themselves. */
export const OWN_FILE = '/tmp/headwater-own.qed';

export const MACHINE: MachineView = {
  id: 'machine-1',
  name: 'Tiny Linux',
  applianceId: null,
  memoryMiB: 64,
  hardware: USUAL_HARDWARE,
  runsOn: { backEnd: 'v86', qemu: null },
  canSuspend: true,
  state: 'off',
  failure: null,
  wait: null,
  loginHint: null,
  cloudInit: false,
  createdAtMs: 0,
  startedAtMs: null,
  savedState: null,
  instantStart: null,
  savedFraction: null,
  disks: [],
};

export const openTestServices: OpenServices = async ({ publish }) => {
  const hooks: TestHooks = { running: 0, closed: false, openConsoles: 0, asked: [], publish };
  globalThis.headwaterTest = hooks;

  const machines: Partial<ServiceGroups['machines']> = {
    list: async () => ok([MACHINE]),
    command: async () => DONE,
    rename: async () => {
      throw new Error('cannot open /home/somebody/secret.sqlite');
    },
    setMemory: async () => DONE,
    setHardware: async () => DONE,
    duplicate: async () => ok({ ...MACHINE, state: 'on fire' } as unknown as MachineView),
    remove: async () => ok({ freedBytes: 0 }),
  };

  const consoles: ConsoleBroker = {
    openScreen: async () => {
      hooks.openConsoles += 1;
      let receive: (bytes: Uint8Array) => void = () => undefined;
      let end: () => void = () => undefined;
      return ok({
        // Echoes, but ends the connection when it is sent a zero.
        send: (bytes) => (bytes[0] === 0 ? end() : receive(bytes)),
        onBytes: (listener) => (receive = listener),
        onClose: (listener) => (end = () => listener(null)),
        close: () => {
          hooks.openConsoles -= 1;
        },
      });
    },
    openSerial: () => {
      throw new Error('these machines have no serial port');
    },
    type: async () => ok({ left: 0 }),
    screenshot: async () => ok(Uint8Array.of(0x89, 0x50, 0x4e, 0x47)),
  };

  return ok({
    ...servicesThat((name, input) => hooks.asked.push({ name, input }), { machines }),
    consoles,
    refuseTarget: async (file) =>
      file === OWN_FILE ? err('busy', `'${file}' is a disk of the machine Tiny Linux`) : DONE,
    windowStates: forgetfulWindowStates(),
    machinesRunning: () => hooks.running,
    streamsRunning: () => 0,
    saveMachines: async () => {
      hooks.running = 0;
      return [];
    },
    close: async () => {
      hooks.closed = true;
    },
  });
};

type Method = (input: unknown) => Promise<unknown>;
type Groups = Record<string, Record<string, Method>>;

/** A service for every group of the contract. Methods that are not `known` answer that they cannot. */
function servicesThat(note: (name: string, input: unknown) => void, known: object): ServiceGroups {
  const groups: Groups = {};
  for (const name of Object.keys(REQUESTS)) {
    const [group = '', method = ''] = name.split('.');
    const answer = (known as Groups)[group]?.[method];
    groups[group] ??= {};
    groups[group][method] = async (input) => {
      note(name, input);
      return answer ? answer(input) : err('unsupported', 'not here');
    };
  }
  return groups as unknown as ServiceGroups;
}

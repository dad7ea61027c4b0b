/** Services that tests steer from outside: machines that exist in name only, consoles that echo. */
import type { ConsoleBroker } from '../../../main/machines/consoles/connection.ts';
import type { MachinesService, OpenServices, Publish } from '../../../main/app/services.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import { DONE, err, ok } from '../../../shared/result.ts';

/** What a test reaches with `app.evaluate`, as `globalThis.headwaterTest`. */
export interface TestHooks {
  running: number;
  closed: boolean;
  openConsoles: number;
  publish: Publish;
}

declare global {
  var headwaterTest: TestHooks;
}

export const MACHINE: MachineView = {
  id: 'machine-1',
  name: 'Tiny Linux',
  applianceId: null,
  memoryMiB: 64,
  state: 'off',
  failure: null,
  loginHint: null,
  createdAtMs: 0,
  disks: [],
};

export const openTestServices: OpenServices = async ({ publish }) => {
  const hooks: TestHooks = { running: 0, closed: false, openConsoles: 0, publish };
  globalThis.headwaterTest = hooks;

  const machines: MachinesService = {
    list: async () => ok([MACHINE]),
    create: async () => err('unsupported', 'not here'),
    command: async () => DONE,
    rename: async () => {
      throw new Error('cannot open /home/somebody/secret.sqlite');
    },
    setMemory: async () => DONE,
    duplicate: async () => ok({ ...MACHINE, state: 'on fire' } as unknown as MachineView),
    remove: async () => ok({ freedBytes: 0 }),
  };

  const consoles: ConsoleBroker = {
    open: async () => {
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
  };

  return ok({
    machines,
    consoles,
    machinesRunning: () => hooks.running,
    close: async () => {
      hooks.closed = true;
    },
  });
};

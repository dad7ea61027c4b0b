import { MessageChannel } from 'node:worker_threads';
import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import { isAlive, type Machine } from '../machine.ts';
import type { ScreenSource, TypedText } from '../screen.ts';
import type { ConsoleBroker, ScreenConnection, SerialConnection } from './connection.ts';
import { portConnection } from './port-connection.ts';
import { SerialLog } from './serial-log.ts';

export interface MachineSource {
  /** The machine that is on; null while it is off. */
  running(machineId: string): Machine | null;
  on(event: 'started', listener: (started: { readonly id: string; readonly machine: Machine }) => void): void;
  on(event: 'removed', listener: (removed: { readonly id: string }) => void): void;
}

/** Between what a machine printed before it was switched off and after: a new line, and no colours left over. */
const SOFT_RESET = Buffer.from('\r\n\x1b[!p');

/** The consoles of all machines. What they print on their serial ports is kept for as long as the program runs. */
export class MachineConsoles implements ConsoleBroker {
  readonly #machines: MachineSource;
  readonly #serialLogs = new Map<string, SerialLog>();

  constructor(machines: MachineSource) {
    this.#machines = machines;
    machines.on('started', ({ id, machine }) => {
      const log = this.#serialLog(id);
      if (!log.isEmpty) log.append(SOFT_RESET);
      machine.on('serial', (bytes) => log.append(bytes));
    });
    machines.on('removed', ({ id }) => this.#serialLogs.delete(id));
  }

  async openScreen(machineId: string): Promise<Result<ScreenConnection>> {
    const screen = this.#screen(machineId);
    if (!screen.ok) return screen;
    const { port1: ours, port2: theirs } = new MessageChannel();
    const attached = screen.value.attach(theirs);
    if (attached.ok) return ok(portConnection(ours));
    ours.close();
    return attached;
  }

  openSerial(machineId: string, onMore: () => void): SerialConnection {
    return {
      ...this.#serialLog(machineId).reader(onMore),
      send: (bytes) => this.#machines.running(machineId)?.sendSerial(bytes),
    };
  }

  async type(machineId: string, text: string): Promise<Result<TypedText>> {
    const screen = this.#screen(machineId);
    return screen.ok ? screen.value.type(text) : screen;
  }

  async screenshot(machineId: string): Promise<Result<Uint8Array>> {
    const screen = this.#screen(machineId);
    return screen.ok ? screen.value.screenshot() : screen;
  }

  #screen(machineId: string): Result<ScreenSource> | Err {
    const machine = this.#machines.running(machineId);
    if (machine === null || !isAlive(machine.state))
      return err('closed', 'The machine is off', { words: ['machine-off'] });
    return machine.screen === null
      ? err('unsupported', `${machine.name} has no screen`, {
          words: ['machine-without-screen', machine.name],
        })
      : ok(machine.screen);
  }

  #serialLog(machineId: string): SerialLog {
    const log = this.#serialLogs.get(machineId) ?? new SerialLog();
    this.#serialLogs.set(machineId, log);
    return log;
  }
}

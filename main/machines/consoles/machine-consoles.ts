import { MessageChannel } from 'node:worker_threads';
import { err, ok, type Result } from '../../../shared/result.ts';
import { isAlive, type Machine } from '../machine.ts';
import type { ConsoleBroker, ConsoleConnection } from './connection.ts';
import { portConnection } from './port-connection.ts';

/** The consoles of all machines that are on. */
export class MachineConsoles implements ConsoleBroker {
  readonly #running: (machineId: string) => Machine | null;

  /** @param running the machine that is on, null while it is off */
  constructor(running: (machineId: string) => Machine | null) {
    this.#running = running;
  }

  async open(machineId: string): Promise<Result<ConsoleConnection>> {
    const machine = this.#running(machineId);
    if (machine === null || !isAlive(machine.state)) return err('closed', 'The machine is off');
    if (machine.screen === null) return err('unsupported', `${machine.name} has no screen`);
    const { port1: ours, port2: theirs } = new MessageChannel();
    const attached = machine.screen.attach(theirs);
    if (attached.ok) return ok(portConnection(ours));
    ours.close();
    return attached;
  }
}

import type { Clock } from '../../shared/clock.ts';
import type { Result } from '../../shared/result.ts';
import type { ListenAddress } from '../sockets/listen.ts';
import type { JobEvent } from '../streaming/job/job-events.ts';
import { blockCommands } from './commands/block.ts';
import { generalCommands } from './commands/general.ts';
import { jobCommands } from './commands/jobs.ts';
import { machineCommands, watchMachine } from './commands/machine.ts';
import { spellingsOf2011 } from './commands/spellings-of-2011.ts';
import { streamCommand } from './commands/stream.ts';
import { JobEnds } from './job-ends.ts';
import { CommandTable } from './protocol/command.ts';
import type { QmpEvent } from './protocol/event.ts';
import { QmpServer } from './server.ts';
import type { MonitorTarget } from './target.ts';
import { versionOf } from './version.ts';

export interface MonitorParts {
  readonly target: MonitorTarget;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Headwater's own version. */
  readonly version: string;
}

/** Lets programs that were written for QEMU watch and control a machine and its disks, or disks alone. */
export class Monitor {
  readonly #server: QmpServer;
  readonly #jobEnds = new JobEnds();
  readonly #stopWatching: () => void;
  #hasToldEnd = false;

  constructor({ target, clock, nowMs, version }: MonitorParts) {
    const { machine } = target;
    const tell = (event: QmpEvent) => this.#server.tell(event);
    const about = versionOf(version);
    const commands: CommandTable = new CommandTable([
      ...generalCommands({
        target,
        version: about,
        commandNames: () => commands.names,
        quit: () => this.#quit(target),
      }),
      streamCommand(target),
      ...jobCommands(target),
      ...spellingsOf2011(target, this.#jobEnds),
      ...blockCommands(target),
      ...(machine === null ? [] : machineCommands(machine, tell)),
    ]);
    this.#server = new QmpServer({ version: about, commands, clock, nowMs });
    this.#stopWatching = machine === null ? () => {} : watchMachine(target, machine, tell);
  }

  /** Waits for clients at an address too. */
  listen(address: ListenAddress): Promise<Result<ListenAddress>> {
    return this.#server.listen(address);
  }

  /** Something has happened to a job of one of the disks. */
  hearJob(event: JobEvent): void {
    this.#jobEnds.hear(event);
    this.#server.tell(qmpEventOf(event));
  }

  /** Clients hear why everything ends; the first reason counts. */
  shutDown(reason: ShutdownReason): void {
    if (this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    this.#server.tell({ event: 'SHUTDOWN', data: { guest: reason === 'guest-shutdown', reason } });
  }

  /** Answers what is being worked on, and ends every connection. */
  async close(): Promise<void> {
    this.#stopWatching();
    this.#jobEnds.wakeAll();
    await this.#server.close();
  }

  #quit(target: MonitorTarget): void {
    this.shutDown('host-qmp-quit');
    target.quit();
  }
}

/** Of QEMU's `ShutdownCause`. */
export type ShutdownReason = 'host-qmp-quit' | 'host-signal' | 'host-ui' | 'guest-shutdown';

/** QEMU's events go on as they are. Failures are told in words. */
function qmpEventOf(told: JobEvent): QmpEvent {
  if (told.event !== 'STREAM_SOURCE_LOST') return { event: told.event, data: { ...told.data } };
  return { event: told.event, data: { device: told.data.device, reason: told.data.failure.message } };
}

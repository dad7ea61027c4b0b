import { sleep, type Clock } from '../../../../shared/clock.ts';
import { DONE, err, type Result } from '../../../../shared/result.ts';
import type { InstalledAppliance } from '../../../appliances/built-appliances.ts';
import { formatLink, type LinkShape } from '../../../serve/link-spec.ts';
import { startRangeServer, type RangeServer } from '../../../serve/range-server.ts';
import { SerialConsole } from '../../../machines/expect.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import type { DiskEvent, WaitingReads } from '../../../storage/disk/disk-events.ts';
import type { DiskStatus } from '../../../storage/disk/open-disk.ts';
import { formatBytes, formatDuration } from '../../display/quantities.ts';
import { StatusLine } from '../../display/status-line.ts';
import { describeProgress } from '../../display/stream-progress.ts';
import { MachineSession } from '../../machine-session.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';
import type { Terminal } from '../../terminal.ts';
import { GuestEcho } from './guest-echo.ts';
import { FIRST_BOOT, SECOND_BOOT, type GuestStep } from './script.ts';

const REFRESH_MS = 500;
/** A guest that says nothing for this long is stuck, even on a slow and busy computer. */
const PATIENCE = { withinMs: 600_000 };
const USER = 'root';

/** The life of a disk, told while it happens. */
export class Demonstration {
  readonly #appliance: InstalledAppliance;
  readonly #overlayPath: string;
  readonly #link: LinkShape | null;
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #line: StatusLine;
  #waiting: WaitingReads | null = null;
  #streamError: string | null = null;

  constructor(
    appliance: InstalledAppliance,
    overlayPath: string,
    link: LinkShape | null,
    terminal: Terminal,
    clock: Clock,
  ) {
    this.#appliance = appliance;
    this.#overlayPath = overlayPath;
    this.#link = link;
    this.#terminal = terminal;
    this.#clock = clock;
    this.#line = new StatusLine(terminal, clock);
  }

  /** Fails with the first thing that did not go as it should; `cancelled` when the user interrupted. */
  async run(): Promise<Result<void>> {
    const { description, masterPath } = this.#appliance;
    const server = await startRangeServer({ root: masterPath, clock: this.#clock, link: this.#link });
    if (!server.ok) return server;
    try {
      const line =
        this.#link === null ? 'without a simulated line' : `through a line of ${formatLink(this.#link)}`;
      this.#heading(
        `Serving ${description.name} (${formatBytes(description.disk.sizeBytes)}) at ${server.value.url} ${line}`,
      );
      const streamed = await this.#bootWhileStreaming(server.value);
      if (!streamed.ok) return streamed;
    } finally {
      await server.value.close();
    }
    this.#heading('The server is gone. Booting the disk once more, from what is local');
    const again = await this.#bootAlone();
    if (again.ok) this.#heading('Done: the overlay began as 320 KiB and is an ordinary, complete disk now');
    return again;
  }

  async #bootWhileStreaming(server: RangeServer): Promise<Result<void>> {
    const backing: ImageChain = { location: server.url, format: 'raw', backing: null };
    const chain = { location: this.#overlayPath, format: 'qed', backing } as const;
    const created = await createOverlay(chain, this.#appliance.description.disk.sizeBytes);
    if (!created.ok) return created;
    const clickedMs = this.#clock.now();
    return this.#inGuest(chain, async (session, guest) => {
      const prompt = await this.#logIn(session, guest);
      if (!prompt.ok) return prompt;
      const loginMs = this.#clock.now() - clickedMs;
      const { bytesSent } = server.statistics();
      this.#say(
        `login prompt ${formatDuration(loginMs)} after the click, with ${formatBytes(bytesSent)} fetched so far`,
      );
      const worked = await this.#work(guest, FIRST_BOOT);
      if (!worked.ok) return worked;
      this.#heading('Waiting until nothing of the master is missing');
      return this.#untilStandalone(session, server);
    });
  }

  async #bootAlone(): Promise<Result<void>> {
    const chain: ImageChain = { location: this.#overlayPath, format: 'qed', backing: null };
    return this.#inGuest(chain, async (session, guest) => {
      const prompt = await this.#logIn(session, guest);
      return prompt.ok ? this.#work(guest, SECOND_BOOT) : prompt;
    });
  }

  /** Starts the machine, does something in it, and shuts it down. */
  async #inGuest(
    chain: ImageChain,
    visit: (session: MachineSession, guest: SerialConsole) => Promise<Result<void>>,
  ): Promise<Result<void>> {
    const { description } = this.#appliance;
    const opened = await MachineSession.open({
      name: description.name,
      memoryMiB: description.memoryMiB,
      chain,
      stream: 'image',
      listen: (event) => this.#hear(event),
    });
    if (!opened.ok) return opened;
    const session = opened.value;
    const watching = new AbortController();
    const watch = this.#watch(session, watching.signal);
    const guest = new SerialConsole(session.machine, this.#clock, PATIENCE);
    const end = await this.#interruptible(async () => {
      if (session.warning !== null) return { ok: false, failure: session.warning };
      const started = await session.machine.start();
      if (!started.ok) return started;
      const visited = await visit(session, guest);
      return visited.ok ? this.#shutDown(session, guest) : visited;
    });
    watching.abort();
    await watch;
    guest.dispose();
    const closed = await session.close();
    return end.ok ? closed : end;
  }

  async #logIn(session: MachineSession, guest: SerialConsole): Promise<Result<void>> {
    const echo = new GuestEcho(session.machine, this.#line);
    const prompt = await guest.waitFor('login: ');
    echo.dispose();
    if (!prompt.ok) return prompt;
    guest.sendLine(this.#appliance.description.serial?.user ?? USER);
    const shell = await guest.waitFor(/[#$] $/);
    return shell.ok ? DONE : shell;
  }

  async #work(guest: SerialConsole, steps: readonly GuestStep[]): Promise<Result<void>> {
    for (const { says, command } of steps) {
      this.#heading(says);
      this.#line.print(`  # ${command}\n`);
      const done = await guest.run(command);
      if (!done.ok) return done;
      const { output, status } = done.value;
      for (const line of output.trimEnd().split('\n')) this.#line.print(`  | ${line}\n`);
      if (status !== 0) return err('io', `in the guest, '${command}' ended with status ${status}`);
    }
    return DONE;
  }

  async #untilStandalone(session: MachineSession, server: RangeServer): Promise<Result<void>> {
    for (;;) {
      const status = await session.disk.status();
      if (!status.ok) return status;
      if (status.value.standalone) {
        this.#say(`complete: ${formatBytes(server.statistics().bytesSent)} came over the line in all`);
        return DONE;
      }
      if (this.#streamError !== null) return err('io', `streaming ended: ${this.#streamError}`);
      await sleep(this.#clock, REFRESH_MS, this.#terminal.interrupted);
      if (this.#terminal.interrupted.aborted) return this.#cancelled();
    }
  }

  async #shutDown(session: MachineSession, guest: SerialConsole): Promise<Result<void>> {
    guest.sendLine(this.#appliance.description.poweroffCommand ?? 'poweroff');
    const stopped = await session.stopped(AbortSignal.timeout(PATIENCE.withinMs));
    if (stopped.ok) this.#say('the guest has shut down');
    return stopped;
  }

  /** Redraws the progress line until told to stop. */
  async #watch(session: MachineSession, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const status = await session.disk.status();
      if (status.ok) this.#line.show(this.#describe(status.value));
      await sleep(this.#clock, REFRESH_MS, signal);
    }
    this.#line.finish();
  }

  #describe(status: DiskStatus): string {
    const { missedReads } = status.guest;
    const reads = missedReads === 0 ? '' : `  ${missedReads} demand read${missedReads === 1 ? '' : 's'}`;
    return `${describeProgress(status, this.#waiting)}${reads}`;
  }

  #hear(event: DiskEvent): void {
    if (event.kind === 'waiting') this.#waiting = event.waiting;
    if (event.kind === 'store-failed') this.#line.print(`warning: ${event.failure.message}\n`);
    if (event.kind === 'job' && event.event.event === 'BLOCK_JOB_COMPLETED') {
      this.#streamError = event.event.data.error ?? null;
    }
  }

  /** Leaves `work` behind when the user interrupts: closing the session ends whatever it waits for. */
  #interruptible(work: () => Promise<Result<void>>): Promise<Result<void>> {
    const { interrupted } = this.#terminal;
    const interruption = new Promise<Result<void>>((resolve) => {
      const stop = () => resolve(this.#cancelled());
      if (interrupted.aborted) stop();
      else interrupted.addEventListener('abort', stop, { once: true });
    });
    return Promise.race([work(), interruption]);
  }

  #cancelled() {
    return err('cancelled', 'interrupted');
  }

  #heading(text: string): void {
    this.#line.print(`\n== ${text}\n`);
  }

  #say(text: string): void {
    this.#line.print(`-- ${text}\n`);
  }
}

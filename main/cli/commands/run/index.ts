import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { ok, type Failure, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance, type InstalledAppliance } from '../../../appliances/built-appliances.ts';
import { startRangeServer } from '../../../appliances/serve/range-server.ts';
import { attachSerialTerminal } from '../../../machines/serial-terminal.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import type { Monitor } from '../../../monitor/monitor.ts';
import { MachineSession } from '../../machine-session.ts';
import { appliancesFolder, overlaysFolder } from '../../places.ts';
import type { Command, Terminal } from '../../terminal.ts';
import { parseRunArguments, RUN_HELP, type RunArguments } from './arguments.ts';
import { monitorOf, QMP_DEVICE, shutdownReason } from './qmp.ts';
import { ConsoleNotes } from './console-notes.ts';
import { prepareOverlay } from './prepare-overlay.ts';
import { tryAgain } from './try-again.ts';

const EXIT_INTERRUPTED = 130;

/** `headwater run APPLIANCE`: a machine in this terminal. */
export const runCommand: Command = {
  async run(args, terminal) {
    const parsed = parseRunArguments(args);
    if (!parsed.ok) return complain(terminal, parsed.failure);
    if (parsed.value === null) {
      terminal.out(RUN_HELP);
      return 0;
    }
    const appliance = findBuiltAppliance(appliancesFolder(), parsed.value.appliance);
    if (!appliance.ok) return complain(terminal, appliance.failure);
    return runAppliance(parsed.value, appliance.value, terminal);
  },
};

async function runAppliance(
  options: RunArguments,
  appliance: InstalledAppliance,
  terminal: Terminal,
): Promise<number> {
  const master = await reachMaster(options, appliance);
  if (!master.ok) return complain(terminal, master.failure);
  try {
    const location = options.overlay ?? ownOverlay(appliance);
    const prepared = await prepareOverlay(location, appliance, options.fresh);
    if (!prepared.ok) return complain(terminal, prepared.failure);
    const backing: ImageChain = { location: master.value.location, format: 'raw', backing: null };
    return await runMachine(options, appliance, { location, format: 'qed', backing }, terminal);
  } finally {
    await master.value.close();
  }
}

/** An overlay only makes sense over the very master it was made for, so its name carries the master's digest. */
function ownOverlay({ description }: InstalledAppliance): string {
  return path.join(overlaysFolder(), `${description.id}-${description.disk.sha256.slice(0, 12)}.qed`);
}

/** Where the overlay takes the master from: the file itself, or a server behind a simulated line. */
async function reachMaster(
  { link }: RunArguments,
  { masterPath }: InstalledAppliance,
): Promise<Result<{ location: string; close(): Promise<void> }>> {
  if (link === null) return ok({ location: masterPath, close: () => Promise.resolve() });
  const server = await startRangeServer({ root: masterPath, clock: systemClock, link });
  return server.ok ? ok({ location: server.value.url, close: () => server.value.close() }) : server;
}

async function runMachine(
  options: RunArguments,
  { description }: InstalledAppliance,
  chain: ImageChain,
  terminal: Terminal,
): Promise<number> {
  // Heard from now on, so that the disk is closed properly whenever the user interrupts.
  const { interrupted } = terminal;
  // The terminal may be raw: lines end with CR LF.
  const notes = new ConsoleNotes((text) => terminal.err(`\r\nheadwater: ${text}\r\n`));
  let monitor: Monitor | null = null;
  const opened = await MachineSession.open({
    name: description.name,
    memoryMiB: options.memoryMiB ?? description.memoryMiB,
    chain,
    stream: options.stream,
    ...(options.qmpSocket !== null && { deviceName: QMP_DEVICE }),
    listen: (event) => {
      notes.hear(event);
      if (event.kind === 'job') monitor?.hearJob(event.event);
    },
  });
  if (!opened.ok) return complain(terminal, opened.failure);
  const session = opened.value;
  if (session.warning !== null) {
    terminal.err(`headwater: streaming did not start: ${session.warning.message}\n`);
  }
  if (options.qmpSocket !== null) {
    monitor = monitorOf(session, description.name, QMP_DEVICE);
    const listening = await monitor.listen({ kind: 'unix', path: options.qmpSocket });
    if (!listening.ok) {
      await session.close();
      return complain(terminal, listening.failure);
    }
  }
  terminal.err(`headwater: starting ${description.name} from '${chain.location}'\n`);
  if (description.loginHint !== undefined) terminal.err(`headwater: ${description.loginHint}\n`);
  session.machine.on('wait', (wait) => notes.hearMachine(wait));
  const stopTrying = tryAgain(session.machine, systemClock);
  const ended = await useMachine(session, interrupted);
  stopTrying();
  const { state } = session.machine;
  monitor?.shutDown(shutdownReason(state, ended));
  const closed = await session.close();
  await monitor?.close();
  if (!ended.ok) return complain(terminal, ended.failure);
  if (!closed.ok) return complain(terminal, closed.failure);
  if (state.kind === 'failed') return complain(terminal, state.failure);
  terminal.err(`\nheadwater: ${description.name} has stopped; its disk is '${chain.location}'\n`);
  return ended.value;
}

/** Starts the machine and gives it the terminal until the user leaves or it ends. @returns the exit code */
async function useMachine({ machine }: MachineSession, interrupted: AbortSignal): Promise<Result<number>> {
  const started = await machine.start();
  if (!started.ok) return started;
  if (interrupted.aborted) return ok(EXIT_INTERRUPTED);
  const departure = await attachSerialTerminal({
    machine,
    input: process.stdin,
    output: { write: (data) => process.stdout.write(data) },
    lifetime: process,
  });
  return ok(departure.why === 'signal' ? 128 + os.constants.signals[departure.signal] : 0);
}

function complain(terminal: Terminal, failure: Failure): number {
  terminal.err(`headwater run: ${failure.message}\n`);
  return 1;
}

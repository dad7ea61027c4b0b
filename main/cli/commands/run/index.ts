import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { startRangeServer } from '../../../serve/range-server.ts';
import type { Machine, ResumeOrder, Started } from '../../../machines/machine.ts';
import { attachSerialTerminal } from '../../../machines/serial-terminal.ts';
import type { Monitor } from '../../../monitor/monitor.ts';
import { isRemoteLayer, type ImageChain } from '../../../storage/chain/image-chain.ts';
import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { localPath } from '../../../storage/chain/location.ts';
import { publishedLayer } from '../../../storage/chain/published-master.ts';
import { MachineSession } from '../../machine-session.ts';
import { command } from '../../arguments/command.ts';
import { loginHintOf } from '../../display/login-hint.ts';
import { overlaysFolder } from '../../places.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { RUN, type RunArguments } from './arguments.ts';
import { monitorOf, QMP_DEVICE, shutdownReason } from './qmp.ts';
import { ConsoleNotes } from './console-notes.ts';
import { chooseMaker, type MachineMaker } from './maker.ts';
import { prepareOverlay } from './prepare-overlay.ts';
import { savedStart } from './saved-start.ts';
import { findTarget } from './find-target.ts';
import type { RunTarget } from './run-target.ts';
import { tryAgain } from './try-again.ts';

/** `headwater run APPLIANCE`: a machine in this terminal. */
export const runCommand = command({
  ...RUN,
  async run(wanted, terminal) {
    const target = await findTarget(wanted.appliance, terminal);
    return target.ok ? runTarget(wanted, target.value, terminal) : target;
  },
});

async function runTarget(
  options: RunArguments,
  target: RunTarget,
  terminal: Terminal,
): Promise<Result<number>> {
  const master = await reachMaster(options, target);
  if (!master.ok) return master;
  try {
    const location = options.overlay ?? path.join(overlaysFolder(), target.overlayName);
    const prepared = await prepareOverlay(location, target, options.fresh);
    if (!prepared.ok) return prepared;
    const { layer } = master.value;
    const published = options.boot ? undefined : layer.published;
    const memoryMiB = options.memoryMiB ?? published?.description.state?.memoryMiB ?? target.memoryMiB;
    const maker = await chooseMaker(options, { ...target, memoryMiB }, location);
    if (!maker.ok) return maker;
    // What is published was saved by v86.
    const resume =
      maker.value.about === null
        ? await savedStart({ published, overlay: location, memoryMiB }, terminal)
        : ok(null);
    if (!resume.ok) return resume;
    const chain: ImageChain = { location, format: 'qed', backing: layer };
    return await runMachine(options, target, { chain, resume: resume.value, maker: maker.value }, terminal);
  } finally {
    await master.value.close();
  }
}

interface ReachedMaster {
  readonly layer: ImageChain;
  close(): Promise<void>;
}

/** Where the overlay takes the master from: where it lies, or a server behind a simulated line. */
async function reachMaster({ link }: RunArguments, { master }: RunTarget): Promise<Result<ReachedMaster>> {
  if (link === null) return ok({ layer: master, close: () => Promise.resolve() });
  if (isRemoteLayer(master)) {
    return err('invalid-argument', `--link: '${master.location}' is reached through a real line already`);
  }
  const { published } = master;
  const file = localPath(master.location);
  const root = published === undefined ? file : path.dirname(file);
  const server = await startRangeServer({ root, clock: systemClock, link });
  if (!server.ok) return server;
  const { url } = server.value;
  const layer: ImageChain =
    published === undefined
      ? { location: url, format: 'raw', backing: null }
      : publishedLayer({ ...published, sources: [url] });
  return ok({ layer, close: () => server.value.close() });
}

/** All that a machine starts from. */
interface Prepared {
  readonly chain: ImageChain;
  readonly resume: ResumeOrder | null;
  readonly maker: MachineMaker;
}

async function runMachine(
  options: RunArguments,
  { name, loginHint, made: { cloudInit } }: RunTarget,
  { chain, resume, maker }: Prepared,
  terminal: Terminal,
): Promise<Result<number>> {
  // Heard from now on, so that the disk is closed properly whenever the user interrupts.
  const { interrupted } = terminal;
  // The terminal may be raw: lines end with CR LF.
  const notes = new ConsoleNotes((text) => terminal.err(`\r\nheadwater: ${text}\r\n`));
  let monitor: Monitor | null = null;
  const disk = {
    chain,
    stream: options.stream,
    ...(options.qmpSocket !== null && { deviceName: QMP_DEVICE }),
    listen: (event: DiskEvent) => {
      notes.hear(event);
      if (event.kind === 'job') monitor?.hearJob(event.event);
    },
  };
  const opened = await MachineSession.of(disk, maker.make);
  if (!opened.ok) return opened;
  const session = opened.value;
  if (session.warning !== null) {
    terminal.err(`headwater: streaming did not start: ${session.warning.message}\n`);
  }
  if (options.qmpSocket !== null) {
    monitor = monitorOf(session, name, QMP_DEVICE);
    const listening = await monitor.listen({ kind: 'unix', path: options.qmpSocket });
    if (!listening.ok) {
      await session.close();
      return listening;
    }
  }
  const how = maker.about === null ? '' : ` (${maker.about})`;
  terminal.err(`headwater: starting ${name} from '${chain.location}'${how}\n`);
  const hint = loginHintOf({ loginHint, cloudInit });
  if (hint !== null) terminal.err(`headwater: ${hint}\n`);
  session.machine.on('wait', (wait) => notes.hearMachine(wait));
  const stopTrying = tryAgain(session.machine, systemClock);
  const ended = await useMachine(session, resume, interrupted, terminal);
  stopTrying();
  const { state } = session.machine;
  monitor?.shutDown(shutdownReason(state, ended));
  const closed = await session.close();
  await monitor?.close();
  if (!ended.ok) return ended;
  if (!closed.ok) return closed;
  if (state.kind === 'failed') return { ok: false, failure: state.failure };
  terminal.err(`\nheadwater: ${name} has stopped; its disk is '${chain.location}'\n`);
  return ended;
}

/** Starts the machine and gives it the terminal until the user leaves or it ends. @returns the exit code */
async function useMachine(
  { machine }: MachineSession,
  resume: ResumeOrder | null,
  interrupted: AbortSignal,
  terminal: Terminal,
): Promise<Result<number>> {
  const started = await startUnless(interrupted, machine, resume);
  if (interrupted.aborted) return ok(EXIT.interrupted);
  if (!started.ok) return started;
  const { stateRefused } = started.value;
  if (stateRefused !== null) {
    terminal.err(`headwater: booting; what is published to start at once cannot be used: ${stateRefused}\n`);
  }
  const departure = await attachSerialTerminal({
    machine,
    input: process.stdin,
    output: { write: (data) => process.stdout.write(data) },
    lifetime: process,
  });
  return ok(departure.why === 'signal' ? 128 + os.constants.signals[departure.signal] : 0);
}

/** Starts a machine; who interrupts that has it stopped again, however long the start would take. */
async function startUnless(
  interrupted: AbortSignal,
  machine: Machine,
  resume: ResumeOrder | null,
): Promise<Result<Started>> {
  if (interrupted.aborted) return err('cancelled', `${machine.name} was not started`);
  const stop = () => void machine.stop(); // what it fails with is in the machine's state
  interrupted.addEventListener('abort', stop);
  const started = await machine.start(resume);
  interrupted.removeEventListener('abort', stop);
  return started;
}

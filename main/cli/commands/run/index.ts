import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { DONE, ok, type Failure, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance, type InstalledAppliance } from '../../../appliances/built-appliances.ts';
import { startRangeServer } from '../../../appliances/serve/range-server.ts';
import { failureFromSystem } from '../../../block/errno.ts';
import { attachSerialTerminal } from '../../../machines/serial-terminal.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { formatBytes } from '../../display/quantities.ts';
import { MachineSession } from '../../machine-session.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';
import { appliancesFolder, overlaysFolder } from '../../places.ts';
import type { Command, Terminal } from '../../terminal.ts';
import { parseRunArguments, RUN_HELP, type RunArguments } from './arguments.ts';

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
    const backing: ImageChain = { location: master.value.location, format: 'raw', backing: null };
    const chain = { location, format: 'qed', backing } as const;
    const prepared = await prepareOverlay(chain, options.fresh, appliance.description.disk.sizeBytes);
    if (!prepared.ok) return complain(terminal, prepared.failure);
    return await runMachine(options, appliance, chain, terminal);
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

async function prepareOverlay(
  chain: ImageChain & { backing: ImageChain },
  fresh: boolean,
  imageBytes: number,
): Promise<Result<void>> {
  if (!fs.existsSync(chain.location)) return createOverlay(chain, imageBytes);
  if (!fresh) return DONE;
  try {
    fs.renameSync(chain.location, `${chain.location}.old`);
  } catch (error) {
    return failureFromSystem(error, `Could not set '${chain.location}' aside`);
  }
  return createOverlay(chain, imageBytes);
}

async function runMachine(
  options: RunArguments,
  { description }: InstalledAppliance,
  chain: ImageChain,
  terminal: Terminal,
): Promise<number> {
  const session = await MachineSession.open({
    name: description.name,
    memoryMiB: options.memoryMiB ?? description.memoryMiB,
    chain,
    stream: options.stream,
    listen: (event) => tellUser(event, terminal),
  });
  if (!session.ok) return complain(terminal, session.failure);
  const { machine, warning } = session.value;
  if (warning !== null) terminal.err(`headwater: streaming did not start: ${warning.message}\r\n`);
  terminal.err(`headwater: starting ${description.name} from '${chain.location}'\r\n`);
  if (description.loginHint !== undefined) terminal.err(`headwater: ${description.loginHint}\r\n`);
  const started = await machine.start();
  const departure = started.ok
    ? await attachSerialTerminal({
        machine,
        input: process.stdin,
        output: { write: (data) => process.stdout.write(data) },
        lifetime: process,
      })
    : null;
  const { state } = machine;
  const closed = await session.value.close();
  if (!started.ok) return complain(terminal, started.failure);
  if (!closed.ok) return complain(terminal, closed.failure);
  if (state.kind === 'failed') return complain(terminal, state.failure);
  terminal.err(`\nheadwater: ${description.name} has stopped; its disk is '${chain.location}'\n`);
  return departure?.why === 'signal' ? 130 : 0;
}

/** What the user should know though the console is the guest's; the terminal is raw, so lines end with CR LF. */
function tellUser(event: DiskEvent, terminal: Terminal): void {
  const say = (text: string) => terminal.err(`\r\nheadwater: ${text}\r\n`);
  if (event.kind === 'store-failed') say(`warning: ${event.failure.message}`);
  if (event.kind === 'waiting' && event.waiting !== null) {
    say(`waiting for data: ${event.waiting.failure.message}`);
  }
  if (event.kind !== 'job') return;
  const told = event.event;
  if (told.event === 'BLOCK_JOB_COMPLETED') {
    const { error, len } = told.data;
    say(error === undefined ? `all ${formatBytes(len)} are local now` : `streaming failed: ${error}`);
  }
}

function complain(terminal: Terminal, failure: Failure): number {
  terminal.err(`headwater run: ${failure.message}\n`);
  return 1;
}

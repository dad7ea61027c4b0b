import { systemClock } from '../../../../shared/clock.ts';
import { DONE, ok, type Result } from '../../../../shared/result.ts';
import { NbdServer } from '../../../nbd/server.ts';
import { loadTlsFolder } from '../../../nbd/tls.ts';
import { followChain } from '../../../storage/chain/follow.ts';
import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { OpenDisk } from '../../../storage/disk/open-disk.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { command } from '../../arguments/command.ts';
import { NBD, type NbdArguments, type NbdExportArguments } from './arguments.ts';
import { goOnInBackground, starterOf } from './background.ts';
import { shapedDevice } from './shaped-device.ts';
import { removePidFile, writePidFile } from './pid-file.ts';

/** `headwater nbd IMAGE`: serves disks in the foreground, all in this one thread. */
export const nbdCommand = command({
  ...NBD,
  async run(wanted, terminal) {
    const starter = starterOf(process.env);
    if (wanted.fork && starter === null) return ok(await goOnInBackground(terminal));
    // Heard from now on, so that images are closed properly whenever the user interrupts.
    const { interrupted } = terminal;
    const disks: OpenDisk[] = [];
    const served = await serve(wanted, terminal, interrupted, disks, () => starter?.ready());
    for (const disk of disks) {
      const closed = await disk.close();
      if (!closed.ok) return closed;
    }
    if (!served.ok) starter?.failed(`headwater nbd: ${served.failure.message}\n`);
    return served.ok ? ok(EXIT.done) : served;
  },
});

async function serve(
  options: NbdArguments,
  terminal: Terminal,
  interrupted: AbortSignal,
  disks: OpenDisk[],
  ready: () => void,
): Promise<Result<void>> {
  const { tls: credentials } = options;
  const tls =
    credentials === null ? ok(undefined) : loadTlsFolder(credentials.folder, credentials.verifyClients);
  if (!tls.ok) return tls;
  const lastLeft = new AbortController();
  const server = new NbdServer({
    clock: systemClock,
    tls: tls.value,
    maxClients: options.shared,
    onChange: ({ kind, exportName, clients }) => {
      for (const disk of disks) if (kind === 'came') disk.guestConnected();
      if (options.verbose) terminal.err(`headwater nbd: a client has ${kind}; ${clients} now\n`);
      // Who chose no export, as one that only asks for the list, was no client yet.
      if (kind === 'left' && exportName !== null && clients === 0 && !options.persistent) lastLeft.abort();
    },
  });
  for (const one of options.exports) {
    const disk = await openDisk(one, options, terminal);
    if (!disk.ok) return disk;
    disks.push(disk.value);
    const device = shapedDevice(disk.value.device, options.modes);
    if (!device.ok) return device;
    const added = server.add({
      name: one.name,
      description: options.description,
      device: device.value,
      readOnly: options.readOnly,
      fastZeroes: disk.value.marksZeroes,
      multiConn: options.shared !== 1,
      copying: () => disk.value.copying,
    });
    if (!added.ok) return added;
  }
  const listening = await server.listen(options.address);
  if (!listening.ok) return listening;
  const { pidFile } = options;
  const noted = pidFile === null ? DONE : writePidFile(pidFile);
  if (noted.ok) ready();
  if (noted.ok) await aborted(AbortSignal.any([interrupted, lastLeft.signal]));
  const closing = server.close();
  // What waits for a source that is lost would keep its client, and so the server.
  for (const disk of disks) disk.stopWaiting();
  await closing;
  return noted.ok && pidFile !== null ? removePidFile(pidFile) : noted;
}

async function openDisk(
  { image, format }: NbdExportArguments,
  { readOnly, streamSpeed }: NbdArguments,
  terminal: Terminal,
): Promise<Result<OpenDisk>> {
  const chain = await followChain(image, format, systemClock);
  if (!chain.ok) return chain;
  const hear = (event: DiskEvent) => {
    if (event.kind === 'store-failed') terminal.err(`headwater nbd: warning: ${event.failure.message}\n`);
  };
  const copyOnRead = streamSpeed === null ? 'image' : 'on';
  const spec = { chain: chain.value, readOnly, copyOnRead, onSourceLost: 'wait' } as const;
  const disk = await OpenDisk.open(spec, systemClock, hear);
  if (!disk.ok || streamSpeed === null || disk.value.status().standalone) return disk;
  const started = await disk.value.startStream({ jobId: 'stream', speed: streamSpeed, onError: 'enospc' });
  if (started.ok) return disk;
  await disk.value.close();
  return started;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

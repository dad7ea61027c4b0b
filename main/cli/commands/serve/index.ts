import { isIP } from 'node:net';
import os from 'node:os';
import { systemClock } from '../../../../shared/clock.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import { formatLink } from '../../../serve/link-spec.ts';
import { startRangeServer, type RangeServer } from '../../../serve/range-server.ts';
import { command } from '../../arguments/command.ts';
import { formatBytes } from '../../display/quantities.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { SERVE, type ServeArguments } from './arguments.ts';

/** `headwater serve DIR`: a static server for ranges of files. */
export const serveCommand = command({ ...SERVE, run: serve });

async function serve(options: ServeArguments, terminal: Terminal): Promise<Result<number>> {
  // Heard from now on: being interrupted is how this ends.
  const { interrupted } = terminal;
  const { folder, host, port, link, json, quiet } = options;
  const server = await startRangeServer({
    root: folder,
    clock: systemClock,
    host,
    port,
    link,
    onRequest: ({ method, path, status, range }) => {
      if (json) terminal.out(`${JSON.stringify({ event: 'request', method, path, status, range })}\n`);
      else if (!quiet)
        terminal.out(`${status} ${method} ${path} ${range === null ? '' : formatBytes(range.length)}\n`);
    },
  });
  if (!server.ok) return server;
  greet(options, server.value, terminal);
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }));
  }
  await server.value.close();
  const { requests, bytesSent } = server.value.statistics();
  if (json) terminal.out(`${JSON.stringify({ event: 'end', requests, bytesSent })}\n`);
  else terminal.out(`\nanswered ${requests} requests with ${formatBytes(bytesSent)}\n`);
  return ok(EXIT.done);
}

function greet({ folder, host, link, json }: ServeArguments, server: RangeServer, terminal: Terminal): void {
  const urls = isAnyHost(host) ? addressesOf(server.url) : [server.url];
  if (json) {
    terminal.out(`${JSON.stringify({ event: 'listening', urls, link: formatLink(link) })}\n`);
    return;
  }
  const line = link === null ? '' : ` through a line of ${formatLink(link)}`;
  terminal.out(`serving '${folder}'${line}; Ctrl-C ends it\n`);
  for (const url of urls) terminal.out(`  ${url}\n`);
}

function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** An address for each way to reach this computer. */
function addressesOf(url: string): string[] {
  const { port, pathname } = new URL(url);
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return addresses
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address }) => `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}${pathname}`);
}

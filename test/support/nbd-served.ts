import path from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import type { NbdExport } from '../../main/nbd/export.ts';
import { NbdServer, type ClientChange, type NbdServerOptions } from '../../main/nbd/server.ts';
import { tempFolder } from './temp-folder.ts';

export interface Served {
  readonly server: NbdServer;
  /** Where it listens. */
  readonly socket: string;
  readonly changes: readonly ClientChange[];
  uri(exportName?: string): string;
}

/** Serves disks over NBD on a socket of its own while the running test lasts. */
export async function serveNbd(
  exports: readonly NbdExport[],
  options: Partial<NbdServerOptions> = {},
): Promise<Served> {
  const changes: ClientChange[] = [];
  const server = new NbdServer({
    clock: systemClock,
    onChange: (change) => changes.push(change),
    ...options,
  });
  for (const one of exports) unwrap(server.add(one));
  const socket = path.join(tempFolder(), 'nbd');
  unwrap(await server.listen({ kind: 'unix', path: socket }));
  onTestFinished(() => server.close());
  return {
    server,
    socket,
    changes,
    uri: (exportName = '') => `nbd+unix:///${exportName}?socket=${socket}`,
  };
}

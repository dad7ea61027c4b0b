import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import type { NbdExport } from '../../main/nbd/export.ts';
import { NbdServer, type ClientChange, type NbdServerOptions } from '../../main/nbd/server.ts';
import { loadTlsFolder, type NbdTls } from '../../main/nbd/tls.ts';
import { LOCALHOST_CERTIFICATE } from './localhost-certificate.ts';
import { tempFolder } from './temp-folder.ts';

export interface Served {
  readonly server: NbdServer;
  /** Where it listens. */
  readonly socket: string;
  readonly changes: readonly ClientChange[];
  readonly uri: (exportName?: string) => string;
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

/** A folder with a server's credentials, as QEMU has them. */
export function credentialsFolder(): string {
  const folder = tempFolder();
  const { cert, key } = LOCALHOST_CERTIFICATE;
  fs.writeFileSync(path.join(folder, 'ca-cert.pem'), cert);
  fs.writeFileSync(path.join(folder, 'server-cert.pem'), cert);
  fs.writeFileSync(path.join(folder, 'server-key.pem'), key);
  return folder;
}

export function tlsFolder(verifyClients = false): NbdTls {
  return unwrap(loadTlsFolder(credentialsFolder(), verifyClients));
}

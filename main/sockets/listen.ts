import fs from 'node:fs';
import net, { type Server } from 'node:net';
import { randomBytes } from 'node:crypto';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

/** Where a server waits for clients. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** Port 0: any that is free. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A listening socket that whoever started the program has left open, as systemd does. */
  | { readonly kind: 'inherited'; readonly fd: number };

export interface Listener {
  /** As asked for; with the port that was found free. */
  readonly address: ListenAddress;
  /** Lets nobody in any more, and removes the socket's file. Connections stay. */
  close(): void;
}

/** Longest path the system has room for, in bytes. */
const MAX_UNIX_PATH_BYTES = 107;
const ATTEMPTS = 5;

/** Begins to listen; `server` hears of the connections. */
export function listen(server: Server, address: ListenAddress): Promise<Result<Listener>> {
  switch (address.kind) {
    case 'unix':
      return listenOnPath(server, address.path);
    case 'tcp':
      return listenOnPort(server, address.host, address.port);
    case 'inherited':
      return listenOnDescriptor(server, address);
  }
}

async function listenOnPort(server: Server, host: string, port: number): Promise<Result<Listener>> {
  const bound = await start(server, { host, port });
  if (!bound.ok) return failureFromSystem(bound.error, `Could not listen on ${host}:${port}`);
  const own = server.address();
  const found = own !== null && typeof own === 'object' ? own.port : port;
  return ok({ address: { kind: 'tcp', host, port: found }, close: () => server.close() });
}

async function listenOnDescriptor(
  server: Server,
  address: Extract<ListenAddress, { kind: 'inherited' }>,
): Promise<Result<Listener>> {
  const bound = await start(server, { fd: address.fd });
  if (!bound.ok) return failureFromSystem(bound.error, `Could not listen on descriptor ${address.fd}`);
  return ok({ address, close: () => server.close() });
}

/**
 * A socket file that only its owner may connect to. It gets its name when it is complete. A file that a killed server
 * has left is replaced; one that somebody listens on is not (`busy`), nor is any other file (`already-exists`).
 */
async function listenOnPath(server: Server, path: string): Promise<Result<Listener>> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  if (Buffer.byteLength(draft) > MAX_UNIX_PATH_BYTES) {
    const most = MAX_UNIX_PATH_BYTES - (draft.length - path.length);
    return err('invalid-argument', `'${path}' is too long for a socket: the system takes ${most} bytes`);
  }
  const bound = await start(server, { path: draft });
  if (!bound.ok) return failureFromSystem(bound.error, `Could not make the socket '${path}'`);
  try {
    fs.chmodSync(draft, 0o600);
    const { ino } = fs.statSync(draft);
    const named = await giveName(draft, path);
    if (!named.ok) {
      server.close();
      return named;
    }
    const close = () => {
      server.close();
      if (inodeOf(path) === ino) fs.rmSync(path, { force: true });
    };
    return ok({ address: { kind: 'unix', path }, close });
  } catch (error) {
    server.close();
    return failureFromSystem(error, `Could not make the socket '${path}'`);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Names are only ever taken, never overwritten: of two servers that find one stale file, one gets it. */
async function giveName(draft: string, path: string): Promise<Result<void>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (tryLink(draft, path)) return DONE;
    const ino = inodeOf(path);
    if (ino === null) continue;
    if (!fs.lstatSync(path).isSocket()) return err('already-exists', `'${path}' exists and is no socket`);
    if (!(await isStale(path))) return err('busy', `'${path}': a server listens there already, or may`);
    setAside(path, ino, `${draft}.old`);
  }
  return err('busy', `'${path}': other servers are starting there at the same time`);
}

function tryLink(draft: string, path: string): boolean {
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the stale file, unless somebody was faster and another is in its place by now: that is put back. */
function setAside(path: string, staleInode: number, aside: string): void {
  try {
    fs.renameSync(path, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (inodeOf(aside) !== staleInode) tryLink(aside, path);
  fs.rmSync(aside, { force: true });
}

function inodeOf(path: string): number | null {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Whether nobody can be listening there any more: anything but a plain refusal may be a sign of life. */
function isStale(path: string): Promise<boolean> {
  if (fs.lstatSync(path).uid !== process.getuid?.()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error) =>
      resolve('code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')),
    );
  });
}

function start(
  server: Server,
  options: net.ListenOptions | { readonly fd: number },
): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: unknown }> {
  return new Promise((resolve) => {
    const failed = (error: unknown) => resolve({ ok: false, error });
    server.once('error', failed);
    server.listen(options, () => {
      server.off('error', failed);
      resolve({ ok: true });
    });
  });
}

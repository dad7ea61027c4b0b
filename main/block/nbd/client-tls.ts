import fs from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { err, ok, type Result } from '../../../shared/result.ts';
import { failureOfSocket } from '../remote/socket-failure.ts';
import type { NbdTarget } from './address.ts';
import { credentialFailure } from './credentials.ts';
import { HandshakeStream } from './handshake-stream.ts';

const AUTHORITY = 'ca-cert.pem';
const OWN = { cert: 'client-cert.pem', key: 'client-key.pem' } as const;

/** What a client trusts, and shows of itself. */
export type ClientTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>;

/**
 * Credentials for a target: of its folder, laid out as QEMU and libnbd have it, or the well-known authorities.
 * @param trusted certificates (PEM) to trust instead
 */
export function clientTls(target: NbdTarget, trusted: string | undefined): Result<ClientTls> {
  const host = target.at.kind === 'tcp' ? target.at.host : 'localhost';
  const name = target.serverName ?? host;
  const base: ClientTls = {
    servername: isIP(name) === 0 ? name : '',
    ...(trusted !== undefined && { ca: trusted }),
  };
  const folder = target.certificates;
  if (folder === null) return ok(base);
  try {
    const read = (file: string) => fs.readFileSync(path.join(folder, file));
    const hasOwn = fs.existsSync(path.join(folder, OWN.cert));
    return ok({
      ...base,
      ca: read(AUTHORITY),
      ...(hasOwn && { cert: read(OWN.cert), key: read(OWN.key) }),
    });
  } catch (error) {
    return credentialFailure(error, folder);
  }
}

/** Goes on over TLS as the client's side. */
export function secureClient(plain: HandshakeStream, options: ClientTls): Promise<Result<HandshakeStream>> {
  plain.detach();
  return new Promise((resolve) => {
    try {
      const socket = connect({ ...options, socket: plain.socket, minVersion: 'TLSv1.2' });
      socket.once('secureConnect', () => resolve(ok(new HandshakeStream(socket))));
      socket.on('error', (error: Error) => resolve(failureOfSocket(error)));
      socket.on('close', () =>
        resolve(err('source-unreachable', 'the server closed the connection while TLS was begun')),
      );
    } catch (error) {
      // Node looks at certificates and keys when they are used.
      const reason = error instanceof Error ? error.message : String(error);
      resolve(err('invalid-argument', `the TLS credentials cannot be used: ${reason}`));
    }
  });
}

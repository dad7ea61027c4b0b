import fs from 'node:fs';
import path from 'node:path';
import { createSecureContext, createServer, type TlsOptions } from 'node:tls';
import { err, ok, type Result } from '../../shared/result.ts';
import { credentialFailure } from '../block/nbd/credentials.ts';
import { HandshakeStream } from '../block/nbd/handshake-stream.ts';

/** How connections are secured. A server that has this serves nobody without. */
export interface NbdTls {
  readonly options: TlsOptions;
}

/** Names of the files QEMU, nbdkit and libnbd look for in a folder of X.509 credentials. */
const FILES = { authority: 'ca-cert.pem', certificate: 'server-cert.pem', key: 'server-key.pem' } as const;

/**
 * Reads a server's certificate and key from a folder laid out as for QEMU's `tls-creds-x509`.
 * @param verifyClients also asks clients for a certificate, which the folder's authority must have signed
 */
export function loadTlsFolder(folder: string, verifyClients: boolean): Result<NbdTls> {
  const read = (name: string) => fs.readFileSync(path.join(folder, name));
  try {
    const needsAuthority = verifyClients || fs.existsSync(path.join(folder, FILES.authority));
    const options: TlsOptions = {
      cert: read(FILES.certificate),
      key: read(FILES.key),
      minVersion: 'TLSv1.2',
      requestCert: verifyClients,
      rejectUnauthorized: verifyClients,
      ...(needsAuthority && { ca: read(FILES.authority) }),
    };
    // Tells now what is wrong with them, not when the first client comes.
    createSecureContext(options);
    return ok({ options });
  } catch (error) {
    if (isSystemError(error)) return credentialFailure(error, folder);
    const reason = error instanceof Error ? error.message : String(error);
    return err('invalid-argument', `The TLS credentials in '${folder}' cannot be used: ${reason}`);
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Goes on over TLS as the server's side; null when the client does not. */
export function secure(plain: HandshakeStream, { options }: NbdTls): Promise<HandshakeStream | null> {
  const rest = plain.detach();
  if (rest.length > 0) return Promise.resolve(null);
  const server = createServer(options);
  return new Promise((resolve) => {
    server.on('secureConnection', (socket) => {
      socket.on('error', () => {});
      resolve(new HandshakeStream(socket));
    });
    server.on('tlsClientError', () => resolve(null));
    plain.socket.on('close', () => resolve(null));
    server.emit('connection', plain.socket);
  });
}

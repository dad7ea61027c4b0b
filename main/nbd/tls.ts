import fs from 'node:fs';
import path from 'node:path';
import { createSecureContext, TLSSocket, type SecureContext, type TLSSocketOptions } from 'node:tls';
import { err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';
import { HandshakeStream } from './negotiation/handshake-stream.ts';

/** How connections are secured. A server that has this serves nobody without. */
export interface NbdTls {
  readonly options: TLSSocketOptions;
}

/** Names of the files QEMU, nbdkit and libnbd look for in a folder of X.509 credentials. */
const FILES = { authority: 'ca-cert.pem', certificate: 'server-cert.pem', key: 'server-key.pem' } as const;

/**
 * Reads a server's certificate and key from a folder laid out as for QEMU's `tls-creds-x509`.
 * @param verifyClients also asks clients for a certificate, which the folder's authority must have signed
 */
export function loadTlsFolder(folder: string, verifyClients: boolean): Result<NbdTls> {
  const read = (name: string) => fs.readFileSync(path.join(folder, name));
  let context: SecureContext;
  try {
    const needsAuthority = verifyClients || fs.existsSync(path.join(folder, FILES.authority));
    context = createSecureContext({
      cert: read(FILES.certificate),
      key: read(FILES.key),
      minVersion: 'TLSv1.2',
      ...(needsAuthority && { ca: read(FILES.authority) }),
    });
  } catch (error) {
    if (isSystemError(error))
      return failureFromSystem(error, `Could not read the TLS credentials in '${folder}'`);
    const reason = error instanceof Error ? error.message : String(error);
    return err('invalid-argument', `The TLS credentials in '${folder}' cannot be used: ${reason}`);
  }
  return ok({
    options: {
      secureContext: context,
      requestCert: verifyClients,
      rejectUnauthorized: verifyClients,
    },
  });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Goes on over TLS as the server's side; null when the client does not. */
export function secure(plain: HandshakeStream, { options }: NbdTls): Promise<HandshakeStream | null> {
  plain.detach();
  const socket = new TLSSocket(plain.socket, { ...options, isServer: true });
  return new Promise((resolve) => {
    const failed = () => {
      socket.destroy();
      resolve(null);
    };
    socket.once('secure', () => {
      // Node checks a client's certificate and leaves it to the server what follows from that.
      if (options.rejectUnauthorized === true && !socket.authorized) return failed();
      socket.off('error', failed).off('close', failed);
      resolve(new HandshakeStream(socket));
    });
    socket.on('error', failed);
    socket.on('close', failed);
  });
}

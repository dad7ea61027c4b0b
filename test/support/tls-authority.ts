/** Certificates for both ends of a connection, made by openssl: folders laid out as QEMU and libnbd have them. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { tempFolder } from './temp-folder.ts';

/** Somebody who signs certificates. */
export class TlsAuthority {
  readonly #folder = tempFolder();

  constructor(name: string) {
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    this.#openssl([
      ...[
        'req',
        '-x509',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        'ca-key.pem',
        '-out',
        'ca-cert.pem',
      ],
      ...NEW_KEY,
      ...extensions.flatMap((extension) => ['-addext', extension]),
    ]);
  }

  /** A folder with this authority's certificate, and for each of `ends` a key and a certificate. */
  folderFor(...ends: readonly ('server' | 'client')[]): string {
    const folder = tempFolder();
    fs.copyFileSync(path.join(this.#folder, 'ca-cert.pem'), path.join(folder, 'ca-cert.pem'));
    for (const end of ends) this.#sign(end, folder);
    return folder;
  }

  #sign(end: 'server' | 'client', folder: string): void {
    const key = path.join(folder, `${end}-key.pem`);
    const extensions = path.join(this.#folder, `${end}.cnf`);
    fs.writeFileSync(
      extensions,
      [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature,keyEncipherment',
        `extendedKeyUsage=${end}Auth`,
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ].join('\n'),
    );
    this.#openssl(['req', '-subj', `/CN=${end}`, '-keyout', key, '-out', 'request.pem', ...NEW_KEY]);
    this.#openssl([
      ...['x509', '-req', '-days', '2', '-in', 'request.pem', '-CA', 'ca-cert.pem', '-CAkey', 'ca-key.pem'],
      ...['-CAcreateserial', '-extfile', extensions, '-out', path.join(folder, `${end}-cert.pem`)],
    ]);
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { parseCredentials } from './disk-modes.ts';

const X509 = 'tls-creds-x509,id=tls0,dir=/etc/tls,endpoint=server';

describe('credentials as qemu-nbd is given them', () => {
  it('are the folder of the object that is named; clients have to show theirs unless that is switched off', () => {
    expect(unwrap(parseCredentials([X509], 'tls0'))).toEqual({ folder: '/etc/tls', verifyClients: true });
    expect(unwrap(parseCredentials([`${X509},verify-peer=off`], 'tls0'))).toMatchObject({
      verifyClients: false,
    });
    expect(unwrap(parseCredentials([`${X509},verify-peer=no`], 'tls0'))).toMatchObject({
      verifyClients: false,
    });
  });

  it('are none where none is named', () => {
    expect(unwrap(parseCredentials([X509], undefined))).toBeNull();
  });

  it.each([
    [[X509], 'other', "No TLS credentials with id 'other'"],
    [['tls-creds-x509,id=a,endpoint=server'], 'a', "Missing 'dir' property value"],
    [['tls-creds-x509,id=a,dir=/x,endpoint=client'], 'a', 'server endpoint'],
    [['secret,id=a,data=x'], 'a', 'only tls-creds-x509'],
    [[''], 'a', 'Invalid option list'],
  ])('are refused: %j, named %s', (objects, id, message) => {
    const parsed = parseCredentials(objects, id);
    expect(parsed.ok ? '' : parsed.failure.message).toContain(message);
  });
});

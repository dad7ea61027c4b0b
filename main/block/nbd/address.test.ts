import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { isNbdAddress, parseNbdAddress } from './address.ts';

describe('the address of an export', () => {
  it('names a host, a port and an export', () => {
    const plain = { secure: false, certificates: null, serverName: null };
    expect(unwrap(parseNbdAddress('nbd://example.org:10810/disk'))).toEqual({
      ...plain,
      at: { kind: 'tcp', host: 'example.org', port: 10_810 },
      exportName: 'disk',
      display: 'nbd://example.org:10810/disk',
    });
    expect(unwrap(parseNbdAddress('nbd://example.org'))).toMatchObject({
      at: { port: 10_809 },
      exportName: '',
    });
    expect(unwrap(parseNbdAddress('NBD://[::1]/a%20b/c%2Fd'))).toMatchObject({
      at: { host: '::1' },
      exportName: 'a b/c/d',
    });
  });

  it('names a socket', () => {
    const address = 'nbd+unix:///disk?socket=/run/a%20b.sock';
    expect(unwrap(parseNbdAddress(address))).toMatchObject({
      secure: false,
      at: { kind: 'unix', path: '/run/a b.sock' },
      exportName: 'disk',
      display: 'nbd+unix:///disk?socket=/run/a b.sock',
    });
  });

  it('asks for TLS, with a folder of certificates and a name if need be', () => {
    const address = 'nbds://example.org/?tls-certificates=/etc/pki&tls-hostname=disks.example.org';
    expect(unwrap(parseNbdAddress(address))).toMatchObject({
      secure: true,
      certificates: '/etc/pki',
      serverName: 'disks.example.org',
    });
    expect(unwrap(parseNbdAddress('nbds+unix:///?socket=/s'))).toMatchObject({
      secure: true,
      at: { kind: 'unix' },
    });
  });

  it('never shows who it is for', () => {
    expect(unwrap(parseNbdAddress('nbd://user:secret@example.org/disk')).display).toBe(
      'nbd://example.org/disk',
    );
  });

  it('that is none is refused, naming what is wrong', () => {
    for (const [address, what] of [
      ['http://example.org/', 'is not an NBD address'],
      ['nbd://', 'the host is missing'],
      ['nbd:///disk', 'the host is missing'],
      ['nbd://host/disk?socket=/s', "'socket' is for nbd+unix"],
      ['nbd+unix:///disk', "'socket' must name the socket"],
      ['nbd+unix:///disk?socket=', "'socket' must name the socket"],
      ['nbd+unix://host/disk?socket=/s', 'on this machine'],
      ['nbd://host/disk?tls-psk-file=x', "'tls-psk-file' is not known"],
      ['nbd://host/%ff', 'name of the export'],
      ['nbd://host/a%00b', 'name of the export'],
      [`nbd://host/${'x'.repeat(4097)}`, 'name of the export'],
      ['nbd://host:99999/', 'not an NBD address'],
    ] as const) {
      const parsed = parseNbdAddress(address);
      expect(parsed, address).toMatchObject({ ok: false, failure: { code: 'invalid-argument' } });
      if (!parsed.ok) expect(parsed.failure.message).toContain(what);
    }
  });

  it('is told from a file name and other addresses', () => {
    for (const address of ['nbd://h', 'nbds://h', 'nbd+unix:///?socket=s', 'nbds+unix:///?socket=s']) {
      expect(isNbdAddress(address)).toBe(true);
    }
    for (const other of ['nbd.raw', './nbd://', 'https://h', 'nbd:host:port', 'nbd+ssh://h']) {
      expect(isNbdAddress(other)).toBe(false);
    }
  });
});

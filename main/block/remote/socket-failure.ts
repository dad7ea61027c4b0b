import { type Err, err } from '../../../shared/result.ts';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses connections',
  ECONNRESET: 'the server reset the connection',
  EPIPE: 'the server closed the connection',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'the server does not answer',
  EHOSTUNREACH: 'there is no route to the server',
  ENETUNREACH: 'there is no network',
};

/** Turns a socket's error into a failure: bad certificates are refusals, all else is worth another try. */
export function failureOfSocket(error: Error): Err {
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (errno !== undefined && /CERT|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO/.test(errno)) {
    return err('source-refused', `no secure connection is possible (${errno})`, {
      errno,
      words: ['source-insecure'],
    });
  }
  const words = errno === undefined ? undefined : WORDS[errno];
  return err('source-unreachable', words ?? `the connection failed (${errno ?? error.message})`, { errno });
}

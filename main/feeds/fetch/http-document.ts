import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../../../shared/clock.ts';
import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import { DEFAULT_NO_PROGRESS_TIMEOUT_MS, MAX_REDIRECTS } from '../../block/http/limits.ts';
import { failureOfStatus } from '../../block/http/range-response.ts';
import { parseSourceAddress, resolveRedirect, type SourceAddress } from '../../block/http/source-address.ts';
import { tooLong, type DocumentWish, type FetchedDocument, type FetchParts } from './document.ts';

/** A document that takes longer in all is given up, however steadily it drips. */
const LONGEST_FETCH_MS = 120_000;
/** Weak ones, too: `If-None-Match` compares them all (RFC 9110, section 13.1.2). */
const ENTITY_TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]{0,200}"$/;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Fetches a document. Node's own client speaks HTTP here, not `block/http`: whole small documents, chunked or not,
 * once in a while.
 */
export async function fetchHttpDocument(
  url: string,
  wish: DocumentWish,
  parts: FetchParts,
): Promise<Result<FetchedDocument>> {
  const first = parseSourceAddress(url);
  if (!first.ok) return first;
  const deadline = new AbortController();
  const cancelDeadline = parts.clock.after(LONGEST_FETCH_MS, () => deadline.abort());
  try {
    let address = first.value;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await new Exchange(address, wish, parts, deadline.signal).answer;
      if (!answer.ok || answer.value.kind !== 'elsewhere') return answer as Result<FetchedDocument>;
      const next = resolveRedirect(address, answer.value.location);
      if (!next.ok) return next;
      address = next.value;
    }
    return err(
      'source-refused',
      `${first.value.display}: more than ${MAX_REDIRECTS} redirects, the last to ${address.display}`,
    );
  } finally {
    cancelDeadline();
  }
}

type Answer = FetchedDocument | { readonly kind: 'elsewhere'; readonly location: string };

/** One request and its answer. */
class Exchange {
  readonly answer: Promise<Result<Answer>>;
  readonly #address: SourceAddress;
  readonly #wish: DocumentWish;
  readonly #clock: Clock;
  readonly #request: http.ClientRequest;
  #settle: (answer: Result<Answer>) => void = () => undefined;
  #cancelSilence: () => void = () => undefined;

  constructor(address: SourceAddress, wish: DocumentWish, parts: FetchParts, deadline: AbortSignal) {
    const { clock, signal, trustedCertificates } = parts;
    this.#address = address;
    this.#wish = wish;
    this.#clock = clock;
    this.#request = (address.secure ? https : http).request({
      host: address.host,
      port: address.port,
      path: address.target,
      agent: false,
      ...(trustedCertificates !== undefined && { ca: trustedCertificates }),
      headers: {
        Host: address.authority,
        Accept: 'application/json, */*;q=0.5',
        'Accept-Encoding': 'identity',
        'User-Agent': 'Headwater',
        ...(wish.etag && { 'If-None-Match': wish.etag }),
        ...(address.authorization !== null && { Authorization: address.authorization }),
      },
    });
    const cancel = () => this.#fail(err('cancelled', `${address.display}: fetching was cancelled`));
    const late = () => this.#unreachable(`was not complete after ${LONGEST_FETCH_MS / 1000} s`);
    this.answer = new Promise<Result<Answer>>((resolve) => {
      this.#settle = resolve;
      this.#request.on('error', (error) => this.#unreachable(error.message));
      this.#request.on('response', (response) => this.#hear(response));
      signal?.addEventListener('abort', cancel);
      deadline.addEventListener('abort', late);
      this.#watchSilence();
      if (signal?.aborted) cancel();
      this.#request.end();
    }).finally(() => {
      this.#cancelSilence();
      signal?.removeEventListener('abort', cancel);
      deadline.removeEventListener('abort', late);
      this.#request.destroy();
    });
  }

  #hear(response: http.IncomingMessage): void {
    const { mostBytes, etag: known } = this.#wish;
    const { display } = this.#address;
    const { statusCode: status = 0, headers } = response;
    if (status === 304 && known) return this.#settle(ok({ kind: 'unchanged' }));
    if (REDIRECTS.includes(status) && headers.location !== undefined) {
      return this.#settle(ok({ kind: 'elsewhere', location: headers.location }));
    }
    if (status !== 200) return this.#fail(refusal(response, display));
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') {
      return this.#fail(
        err(
          'source-refused',
          `${display}: the server compresses (${encoding.slice(0, 20)}) although asked not to`,
        ),
      );
    }
    if (Number(headers['content-length'] ?? 0) > mostBytes) return this.#fail(tooLong(display, mostBytes));
    const etag = ENTITY_TAG.test(headers.etag ?? '') ? (headers.etag ?? null) : null;
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      this.#watchSilence();
      bytes += chunk.length;
      if (bytes > mostBytes) this.#fail(tooLong(display, mostBytes));
      else chunks.push(chunk);
    });
    response.on('end', () => this.#settle(ok({ kind: 'whole', bytes: Buffer.concat(chunks), etag })));
    response.on('error', (error) => this.#unreachable(`broke off after ${bytes} bytes (${error.message})`));
  }

  #watchSilence(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#clock.after(DEFAULT_NO_PROGRESS_TIMEOUT_MS, () =>
      this.#unreachable(`said nothing for ${DEFAULT_NO_PROGRESS_TIMEOUT_MS / 1000} s`),
    );
  }

  #unreachable(what: string): void {
    this.#fail(err('source-unreachable', `${this.#address.display}: ${what}`));
  }

  /** Only the first outcome counts. */
  #fail(failed: Err): void {
    this.#settle(failed);
  }
}

function refusal(
  { statusCode: status = 0, headers, httpVersionMinor }: http.IncomingMessage,
  display: string,
): Err {
  const fields = new Map(
    Object.entries(headers).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
  const { failure } = failureOfStatus({ status, minorVersion: httpVersionMinor === 0 ? 0 : 1, fields });
  return { ok: false, failure: { ...failure, message: `${display}: ${failure.message}` } };
}

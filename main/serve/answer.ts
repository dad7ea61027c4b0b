import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep } from '../../shared/clock.ts';
import type { Range } from '../block/range.ts';
import { parseRangeHeader } from './range-header.ts';
import { type BodyPath, sendBody } from './send-body.ts';
import { type ServedFile, type ServedRoot, openServedFile } from './served-file.ts';

/** A request and how it was answered, for logs and for tests that care who asked for what. */
export interface Answered {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  readonly status: number;
  /** What is sent of the file; null when nothing is. */
  readonly range: Range | null;
}

export interface AnswerContext {
  readonly root: ServedRoot;
  readonly etag: string | undefined;
  readonly onAnswered: (answered: Answered) => void;
  readonly path: BodyPath;
}

/** Answers GET and HEAD for files, whole or one range of them (RFC 9110, sections 13 and 14). */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: AnswerContext,
): Promise<void> {
  const { method = '', url = '' } = request;
  const { clock, gate, link } = context.path;
  // The way there and the way back, in one go.
  if (link !== null && link.roundTripMs > 0) await sleep(clock, link.roundTripMs);
  await gate.passed();
  if (response.destroyed) return;
  const tell = (status: number, range: Range | null) =>
    context.onAnswered({ method, path: url, status, range });

  if (method !== 'GET' && method !== 'HEAD') {
    tell(405, null);
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  const file = await openServedFile(context.root, url);
  if (file === null) {
    tell(404, null);
    response.writeHead(404, { 'Content-Length': 0 }).end();
    return;
  }
  try {
    const etag = context.etag ?? file.etag;
    const { status, range, fields } = decide(request, file, etag);
    response.writeHead(status, fields);
    const sendsBody = method === 'GET' && range !== null && range.length > 0;
    tell(status, sendsBody ? range : null);
    if (sendsBody) await sendBody(response, file.handle, range, context.path);
    else response.end();
  } finally {
    await file.handle.close();
  }
}

function decide(request: IncomingMessage, file: ServedFile, etag: string) {
  const { lengthBytes, lastModified } = file;
  const common = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    ETag: etag,
    'Last-Modified': lastModified,
  };
  const whole = { offset: 0, length: lengthBytes };
  const known = request.headers['if-none-match'];
  if (known !== undefined && known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    return { status: 304, range: null, fields: common };
  }
  const ifRange = request.headers['if-range'];
  const sameFile = ifRange === undefined || ifRange === etag || ifRange === lastModified;
  // Ranges are defined for GET only.
  const wanted = sameFile && request.method === 'GET' ? request.headers.range : undefined;
  const range = parseRangeHeader(wanted, lengthBytes);
  if (range === null)
    return { status: 200, range: whole, fields: { ...common, 'Content-Length': lengthBytes } };
  if (range === 'unsatisfiable') {
    const fields = { ...common, 'Content-Range': `bytes */${lengthBytes}`, 'Content-Length': 0 };
    return { status: 416, range: null, fields };
  }
  const contentRange = `bytes ${range.offset}-${range.offset + range.length - 1}/${lengthBytes}`;
  return {
    status: 206,
    range,
    fields: { ...common, 'Content-Range': contentRange, 'Content-Length': range.length },
  };
}

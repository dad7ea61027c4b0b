import type { Call } from './call.ts';
import { hexDump } from './hex-dump.ts';
import { reportStyle, reportTransfer, type ReportStyle } from './report.ts';
import type { Performed, IoSession } from './io-session.ts';
import { vectorRange, type VectorRange } from './vector.ts';
import { mismatch } from './verify.ts';

/** What `readv` and `aio_read` are asked for. */
export interface VectorRead extends VectorRange, ReportStyle {
  readonly pattern: number | null;
  readonly dump: boolean;
}

/** @returns the request, or whether the command has succeeded where there is nothing (more) to do */
export function parseVectorRead(call: Call, letters: string): VectorRead | boolean {
  const given = call.options(letters, { P: call.pattern }, 'i');
  if (given === false) return false;
  if (given.has('i')) {
    call.session.out('injecting invalid read request\n');
    return true;
  }
  const range = vectorRange(call, given.operands);
  return range && { ...range, ...reportStyle(given), pattern: given.number('P'), dump: given.has('v') };
}

/** Prints what was read, as far as the request asks for it; false when it is not what was expected. */
export function showVectorRead(
  session: IoSession,
  request: VectorRead,
  { value: bytes, elapsedMs }: Performed<Uint8Array>,
): boolean {
  const { offset, length, pattern } = request;
  const wrong = pattern === null ? null : mismatch(bytes, offset, { pattern, start: 0, length });
  if (wrong !== null) session.out(`${wrong}\n`);
  if (request.dump && !request.quiet) hexDump(bytes, offset, (text) => session.out(text));
  reportTransfer(session, 'read', offset, length, elapsedMs, request);
  return wrong === null;
}

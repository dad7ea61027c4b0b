import { err } from '../../../../../shared/result.ts';
import type { Call } from '../call.ts';
import { hexDump } from '../hex-dump.ts';
import type { IoCommand } from '../io-command.ts';
import { MAX_REQUEST_BYTES } from '../limits.ts';
import { reportStyle, reportTransfer, type ReportStyle } from '../report.ts';
import { readRange } from '../transfer.ts';
import { mismatch, type Verification } from '../verify.ts';
import { alignmentProblem, rangeOperands } from '../word-checks.ts';

interface ReadRequest extends ReportStyle {
  readonly offset: number;
  readonly length: number;
  readonly verification: Verification | null;
  readonly dump: boolean;
  readonly vmState: boolean;
}

export const read: IoCommand = {
  name: 'read',
  alias: 'r',
  synopsis: '[-abCqv] [-P pattern [-s off] [-l len]] off len',
  summary: 'reads a number of bytes at a specified offset',
  help: `
 Reads one range of the image. 'read -P 0x55 64k 4k' also checks that each byte
 is 0x55.
 -b, -- VM state instead of disk content (no image we support stores any)
 -C, -- statistics as comma-separated values
 -l, -- with -P: how many bytes to check
 -p, -- accepted for old scripts, does nothing
 -P, -- check that the bytes are all this one
 -q, -- no statistics
 -s, -- with -P: where in the range to begin checking
 -v, -- show the bytes
`,
  words: [2, null],
  needs: 'disk',
  async run(call, disk) {
    const request = parse(call);
    if (request === false) return false;
    const { offset, length, verification, vmState } = request;
    const { session } = call;
    const performed = await session.perform(async () =>
      vmState ? err('unsupported', 'images have no VM state') : readRange(disk, offset, length),
    );
    if (!performed.ok) return session.failed('read', performed);
    const { value: bytes, elapsedMs } = performed.value;
    const wrong = verification && mismatch(bytes, offset, verification);
    if (wrong !== null) session.out(`${wrong}\n`);
    if (request.dump && !request.quiet) hexDump(bytes, offset, (text) => session.out(text));
    reportTransfer(session, 'read', offset, length, elapsedMs, request);
    return wrong === null;
  },
};

function parse(call: Call): ReadRequest | false {
  const given = call.options('bCl:pP:qs:v', { l: call.size, P: call.pattern, s: call.size });
  const range = given && rangeOperands(call, given.operands);
  if (given === false || range === false) return false;
  const { offset, length } = range;
  if (length > MAX_REQUEST_BYTES) {
    return call.refuse(`length cannot exceed ${MAX_REQUEST_BYTES}, given ${given.operands[1] ?? ''}`);
  }
  if (!given.has('P') && (given.has('s') || given.has('l'))) return call.misused();
  const start = given.number('s') ?? 0;
  const checked = given.number('l') ?? length - start;
  if (checked < 0 || start + checked > length) {
    return call.refuse('pattern verification range exceeds end of read data');
  }
  const vmState = given.has('b');
  const unaligned = vmState ? alignmentProblem(offset, length) : null;
  if (unaligned !== null) return call.refuse(unaligned);
  const pattern = given.number('P');
  const verification = pattern === null ? null : { pattern, start, length: checked };
  return { ...reportStyle(given), offset, length, verification, dump: given.has('v'), vmState };
}

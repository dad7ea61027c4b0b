import { err, type Result } from '../../../../../shared/result.ts';
import type { Call } from '../call.ts';
import type { IoDisk } from '../disk/io-disk.ts';
import type { GivenOptions } from '../given-options.ts';
import type { IoCommand } from '../io-command.ts';
import { MAX_REQUEST_BYTES } from '../limits.ts';
import { readPatternFile } from '../pattern-file.ts';
import { reportStyle, reportTransfer } from '../report.ts';
import { fillRange } from '../transfer.ts';
import { alignmentProblem, rangeOperands } from '../word-checks.ts';

interface WriteRequest {
  readonly given: GivenOptions;
  readonly offset: number;
  readonly length: number;
}

export const write: IoCommand = {
  name: 'write',
  alias: 'w',
  synopsis: '[-bcCfnquz] [-P pattern | -s source_file] off len',
  summary: 'writes a number of bytes at a specified offset',
  help: `
 Writes one range of the image: 'write -P 0x55 64k 4k' fills 4 KiB with 0x55.
 Without -P, -s or -z each byte is 0xcd.
 -b, -- VM state instead of disk content (no image we support stores any)
 -c, -- compressed (no image we support can)
 -C, -- statistics as comma-separated values
 -f, -- make it durable before going on
 -n, -- with -z: fail where zeroes would have to be written
 -p, -- accepted for old scripts, does nothing
 -P, -- the byte to write
 -q, -- no statistics
 -s, -- a file whose content is repeated
 -u, -- with -z: space may be given back
 -z, -- zeroes, stored as cheaply as the format allows
`,
  words: [2, null],
  needs: 'writable disk',
  async run(call, disk) {
    const request = parse(call);
    if (request === false) return false;
    const { given, offset, length } = request;
    const { session } = call;
    const patternFile = given.text('s');
    const content = patternFile === null ? null : readPatternFile(patternFile, length);
    if (content !== null && !content.ok) {
      session.terminal.err(`${content.failure.message}\n`);
      return false;
    }
    const performed = await session.perform(() => perform(disk, request, content?.value));
    if (!performed.ok) return session.failed('write', performed);
    reportTransfer(session, 'wrote', offset, length, performed.value.elapsedMs, reportStyle(given));
    return true;
  },
};

async function perform(
  disk: IoDisk,
  { given, offset, length }: WriteRequest,
  content: Uint8Array | undefined,
): Promise<Result<void>> {
  if (given.has('b')) return err('unsupported', 'images have no VM state');
  const range = disk.checkRange(offset, length);
  if (!range.ok) return range;
  const durable = given.has('f');
  if (!given.has('z')) {
    if (given.has('c')) return err('unsupported', 'images cannot store compressed data');
    return fillRange(disk, offset, length, content ?? given.number('P') ?? undefined, durable);
  }
  if (given.has('n') && !disk.promisesFastZeroes) return err('unsupported', 'zeroes may have to be written');
  return disk.writeZeroes(offset, length, durable);
}

function parse(call: Call): WriteRequest | false {
  const given = call.options('bcCfnpP:qs:uz', { P: call.pattern });
  if (given === false) return false;
  if (given.operands.length !== 2) return call.misused();
  const conflict = conflictOf(given);
  if (conflict !== null) return call.refuse(conflict);
  const range = rangeOperands(call, given.operands);
  if (range === false) return false;
  const { offset, length } = range;
  if (length > MAX_REQUEST_BYTES && !given.has('n')) {
    const asked = given.operands[1] ?? '';
    return call.refuse(`length cannot exceed ${MAX_REQUEST_BYTES} without -n, given ${asked}`);
  }
  const unaligned = given.has('b') || given.has('c') ? alignmentProblem(offset, length) : null;
  return unaligned === null ? { given, offset, length } : call.refuse(unaligned);
}

function conflictOf(given: GivenOptions): string | null {
  const has = (letter: string) => given.has(letter);
  if (has('b') && has('z')) return '-b and -z cannot be specified at the same time';
  if (has('f') && (has('b') || has('c'))) return '-f and -b or -c cannot be specified at the same time';
  if (has('n') && !has('z')) return '-n requires -z to be specified';
  if (has('u') && !has('z')) return '-u requires -z to be specified';
  const contents = ['z', 'P', 's'].filter(has).length;
  return contents > 1 ? 'Only one of -z, -P, and -s can be specified at the same time' : null;
}

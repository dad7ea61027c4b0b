import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { Range } from '../../../../block/range.ts';

/** Looking is not worth a process below this size, in bytes. */
const MIN_FILE_BYTES = 8 * 1024 * 1024;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Prints `start end` of every stored stretch: `lseek` with `SEEK_DATA` (3) and `SEEK_HOLE` (4) on Linux. */
const SCRIPT = `
open(F, '<', $ARGV[0]) or exit 1;
for (my $end = 0; ; ) {
  my $start = sysseek(F, $end, 3);
  if (!defined $start) { exit($!{ENXIO} ? 0 : 1) }
  $end = sysseek(F, $start, 4);
  defined $end && $end > $start or exit 1;
  printf "%d %d\\n", $start, $end;
}`;

/**
 * The stretches of a sparse file that are stored, in order; what lies between them is holes. Null where nobody tells.
 *
 * Node has no `SEEK_HOLE`. Perl has, and is there on nearly every Linux system, so it is asked where the file is
 * large and takes less space than it is long. Whatever goes wrong only means that zeroes are found by reading.
 */
export function storedRanges(path: string): Range[] | null {
  if (process.platform !== 'linux' || !isSparse(path, MIN_FILE_BYTES)) return null;
  const { status, stdout } = spawnSync('perl', ['-MErrno', '-e', SCRIPT, '--', path], {
    encoding: 'latin1',
    maxBuffer: MAX_ANSWER_BYTES,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? parseRanges(stdout) : null;
}

/** True when the file takes less space than it is long. */
export function isSparse(path: string, leastBytes = 0): boolean {
  const file = fs.statSync(path, { throwIfNoEntry: false });
  return file?.isFile() === true && file.size >= leastBytes && file.blocks * 512 < file.size;
}

function parseRanges(answer: string): Range[] | null {
  const ranges: Range[] = [];
  let last = 0;
  for (const line of answer.split('\n').slice(0, -1)) {
    const [start, end] = line.split(' ').map(Number);
    if (start === undefined || end === undefined || !(start >= last && end > start)) return null;
    ranges.push({ offset: start, length: end - start });
    last = end;
  }
  return ranges;
}

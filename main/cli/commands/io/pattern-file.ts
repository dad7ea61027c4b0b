import fs from 'node:fs';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';

/** The first `mostBytes` bytes of a file, to be repeated; messages begin with its name as QEMU's do. */
export function readPatternFile(path: string, mostBytes: number): Result<Uint8Array> {
  try {
    const fd = fs.openSync(path, 'r');
    try {
      const content = new Uint8Array(Math.min(mostBytes, fs.fstatSync(fd).size));
      const count = fs.readSync(fd, content);
      return count > 0 ? ok(content.subarray(0, count)) : err('invalid-argument', `${path}: file is empty`);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    return failureFromSystem(error, path);
  }
}

import { err, ok, type Result } from '../../../shared/result.ts';
import { readSmallFile } from '../../block/small-file.ts';

/** Reads a file that somebody named, which should have JSON in it. @param mostBytes a longer one is refused */
export function readJsonFile(file: string, mostBytes: number): Result<unknown> {
  const content = readSmallFile(file, { mostBytes });
  if (!content.ok) return content;
  try {
    const value: unknown = JSON.parse(content.value.toString('utf8'));
    return ok(value);
  } catch (error) {
    return err('malformed', `'${file}' is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

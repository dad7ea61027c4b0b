import fs from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../threads/worker-script.ts';

/** The version of this Headwater, as its package has it. Read by hand: a schema library takes longer than all else. */
export function headwaterVersion(): string {
  const content: unknown = JSON.parse(fs.readFileSync(path.join(packageRoot(), 'package.json'), 'utf8'));
  if (typeof content === 'object' && content !== null && 'version' in content) {
    const { version } = content;
    if (typeof version === 'string') return version;
  }
  throw new Error('the package.json of Headwater has no version');
}

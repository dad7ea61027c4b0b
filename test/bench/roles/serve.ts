import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import type { LinkShape } from '../../../main/serve/link-spec.ts';
import { startRangeServer } from '../../../main/serve/range-server.ts';

export interface ServeArguments {
  readonly root: string;
  readonly link: LinkShape | null;
}

/**
 * Serves a folder until standard input ends. Prints its address on a line, and, for every line that comes in, how
 * many bytes of bodies it has sent.
 */
export async function serve({ root, link }: ServeArguments): Promise<void> {
  const server = unwrap(await startRangeServer({ root, link, clock: systemClock }));
  process.stdout.write(`${server.url}\n`);
  const questions = createInterface({ input: process.stdin });
  questions.on('line', () => process.stdout.write(`${server.statistics().bytesSent}\n`));
  await once(questions, 'close');
  await server.close();
}

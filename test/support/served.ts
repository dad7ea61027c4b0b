import { onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import {
  startRangeServer,
  type RangeServer,
  type RangeServerOptions,
} from '../../main/serve/range-server.ts';

export type { RangeServer };

/** Serves a file or a folder over HTTP while the running test lasts. */
export async function serve(
  root: string,
  options: Omit<RangeServerOptions, 'root' | 'clock'> = {},
): Promise<RangeServer> {
  const server = unwrap(await startRangeServer({ root, clock: systemClock, ...options }));
  onTestFinished(() => server.close());
  return server;
}

import path from 'node:path';
import { parseLinkSpec } from '../../../main/serve/link-spec.ts';
import { startRangeServer, type RangeServer } from '../../../main/serve/range-server.ts';
import { sleep, systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { ROOT } from './build.ts';

/** The line of a home in the country. */
export const COUNTRY_LINE = '20mbit,30ms';

/** The master disk of an appliance that set-up built. */
export const masterFile = (appliance: string) => path.join(ROOT, '.cache/appliances', appliance, 'disk.raw');

/** A master on a server far away, by a line that can be exchanged. */
export class FarMaster {
  readonly url: string;
  #server: RangeServer;
  readonly #file: string;
  #bytesSentBefore = 0;

  private constructor(file: string, server: RangeServer) {
    this.#file = file;
    this.#server = server;
    this.url = server.url;
  }

  /** @param line as in `--link` */
  static async serve(file: string, line = COUNTRY_LINE): Promise<FarMaster> {
    return new FarMaster(file, await listen(file, line));
  }

  /** Bytes of the master sent so far. */
  get bytesSent(): number {
    return this.#bytesSentBefore + this.#server.statistics().bytesSent;
  }

  /** How many bytes leave within a time. */
  async bytesSentIn(ms: number): Promise<number> {
    const before = this.bytesSent;
    await sleep(systemClock, ms);
    return this.bytesSent - before;
  }

  /** The same master at the same address, by another line from now on. Connections break off. */
  async moveTo(line: string): Promise<void> {
    await this.close();
    this.#bytesSentBefore = this.bytesSent;
    this.#server = await listen(this.#file, line, Number(new URL(this.url).port));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

async function listen(root: string, line: string, port = 0): Promise<RangeServer> {
  return unwrap(
    await startRangeServer({ root, clock: systemClock, port, link: unwrap(parseLinkSpec(line)) }),
  );
}

import { get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../../shared/result.ts';

/**
 * How long a download of a whole file takes, in seconds.
 * @param mostBytes where it is longer, the rest is taken to come at the same rate
 */
export function downloadSeconds(url: string, mostBytes: number): Promise<Result<number>> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve(err('io', `the download failed: ${error.message}`));
    const request = get(url, (response) => {
      const length = Number(response.headers['content-length']);
      let received = 0;
      const end = () => {
        const seconds = (performance.now() - startedMs) / 1000;
        request.destroy();
        resolve(received > 0 ? ok((seconds * length) / received) : err('io', 'the download brought nothing'));
      };
      response.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received >= mostBytes) end();
      });
      response.on('end', end);
      response.on('error', failed);
    });
    request.on('error', failed);
  });
}

/** NBD servers of others, at a socket of their own while a test lasts. */
import { spawn, type ChildProcess } from 'node:child_process';
import net from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Starts a server that stays when clients leave, and waits until it listens; it is killed with the running test.
 * @param socket absolute
 */
export async function startServer(
  command: string,
  args: readonly string[],
  socket: string,
  cwd?: string,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${complaint}`)));
  });
  // Later on it may end.
  failed.catch(() => {});
  await Promise.race([listening(socket), failed]);
  return child;
}

/** The file is there a moment before somebody listens. */
async function listening(socket: string): Promise<void> {
  const connects = () =>
    new Promise<boolean>((resolve) => {
      const client = net.connect(socket, () => {
        client.destroy();
        resolve(true);
      });
      client.on('error', () => resolve(false));
    });
  while (!(await connects())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function uriOf(socket: string, exportName = ''): string {
  return `nbd+unix:///${exportName}?socket=${socket}`;
}

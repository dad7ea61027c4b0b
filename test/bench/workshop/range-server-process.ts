import { createInterface } from 'node:readline';
import type { LinkShape } from '../../../main/serve/link-spec.ts';
import { roleCommand } from '../roles/role.ts';
import { collect, type Children } from './children.ts';

/** Our range server in a process of its own, so that what it costs is charged to neither side. */
export interface ServerProcess {
  /** Address of the folder, with a slash at the end. */
  readonly url: string;
  /** Bytes of bodies sent so far. */
  bytesSent(): Promise<number>;
  stop(): Promise<void>;
}

export async function startServerProcess(
  children: Children,
  root: string,
  link: LinkShape | null,
): Promise<ServerProcess> {
  const child = children.start(process.execPath, roleCommand('serve', { root, link }));
  const complaints = collect(child.stderr);
  const lines = createInterface({ input: child.stdout });
  const nextLine = () =>
    new Promise<string>((resolve, reject) => {
      const ended = () => reject(new Error(`the range server ended: ${complaints()}`));
      child.once('close', ended);
      lines.once('line', (line) => {
        child.off('close', ended);
        resolve(line);
      });
    });
  const url = await nextLine();
  return {
    url,
    bytesSent: async () => {
      const told = nextLine();
      child.stdin.write('\n');
      return Number(await told);
    },
    stop: () => children.kill(child),
  };
}

import type { LinkShape } from '../../../main/serve/link-spec.ts';
import type { Children } from '../workshop/children.ts';
import { LineProcess } from './line-process.ts';

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
  const server = LineProcess.start(children, 'serve', { root, link });
  const url = await server.nextLine();
  return { url, bytesSent: async () => Number(await server.ask('')), stop: () => server.stop() };
}

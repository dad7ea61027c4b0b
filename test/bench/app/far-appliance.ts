import path from 'node:path';
import { parseLinkSpec } from '../../../main/serve/link-spec.ts';
import { findBuiltAppliance } from '../../../main/appliances/built-appliances.ts';
import { packageRoot } from '../../../main/threads/worker-script.ts';
import { unwrap } from '../../../shared/result.ts';
import type { Children } from '../workshop/children.ts';
import { startServerProcess } from '../roles/range-server-process.ts';
import type { RunningApp } from './running-app.ts';

/** The master of Tiny Linux, as set-up built it. */
const tinyLinux = () =>
  unwrap(findBuiltAppliance(path.join(packageRoot(), '.cache/appliances'), 'tiny-linux')).masterPath;

/** Puts Tiny Linux behind a line into the catalog, as `name`, while `use` runs. */
export async function withFarAppliance<T>(
  children: Children,
  app: RunningApp,
  { name, line }: { readonly name: string; readonly line: string },
  use: () => Promise<T>,
): Promise<T> {
  const server = await startServerProcess(children, tinyLinux(), unwrap(parseLinkSpec(line)));
  try {
    await app.request('masters.add', { source: 'http', name, url: server.url });
    await app.seen(`Start ${name}`);
    return await use();
  } finally {
    await server.stop();
  }
}

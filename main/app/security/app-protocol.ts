import fs from 'node:fs/promises';
import path from 'node:path';
import { protocol } from 'electron';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { APP_HOST, APP_SCHEME } from '../origin.ts';
import { pageFile } from './page-file.ts';

/** To be called before Electron is ready: makes `app://headwater` an origin like any https one. */
export function declareAppScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges }]);
}

/** Serves the built pages, and only those. */
export function serveApp(folder: string): void {
  protocol.handle(APP_SCHEME, async ({ url, method }) => {
    const { host, pathname } = new URL(url);
    const file = host === APP_HOST && method === 'GET' ? pageFile(pathname) : undefined;
    if (file === undefined) return notFound();
    try {
      const contents = await fs.readFile(path.join(folder, file.name));
      return new Response(contents, { headers: headersFor(pathname, file.type) });
    } catch {
      return notFound();
    }
  });
}

const notFound = () => new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain' } });

function headersFor(page: string, type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy(page),
    // Isolated from everything else, as SharedArrayBuffer demands.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // Vite names assets by their contents; pages themselves are read anew.
    'cache-control': page.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
  };
}

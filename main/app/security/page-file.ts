import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

export interface PageFile {
  /** Relative to the folder of pages; never leads out of it. */
  readonly name: string;
  readonly type: string;
}

/** The file behind the path of an address; undefined where there can be none. */
export function pageFile(pathname: string): PageFile | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  // Names are made by our own build: letters, digits and few signs, no hidden files, no way up.
  if (!/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/.test(decoded)) return undefined;
  const type = TYPES[path.posix.extname(decoded)];
  return type === undefined ? undefined : { name: decoded.slice(1), type };
}

/** What a page may load and do. Everything it needs comes with the app; nothing comes from the network. */
const COMMON = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
];

const STRICT_STYLE = "style-src 'self'";
/** xterm.js writes its theme into style elements of its own. */
const TERMINAL_STYLE = "style-src 'self' 'unsafe-inline'";

export function contentSecurityPolicy(page: string): string {
  const style = page === '/console.html' ? TERMINAL_STYLE : STRICT_STYLE;
  return [...COMMON, style].join('; ');
}

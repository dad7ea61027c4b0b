/** The rules for everything that shows pages, whoever opens it. */
import { app, type Session } from 'electron';
import type { Log } from '../log.ts';
import type { Windows } from '../windows/windows.ts';
import type { ExternalLinks } from './external-links.ts';
import { APP_ORIGIN } from '../origin.ts';
import { isPermitted } from './permissions.ts';

/** Schemes that lead nowhere: what a page made itself, and the developer tools. */
const LOCAL = [`${APP_ORIGIN}/`, 'blob:', 'data:', 'devtools:'];

/** A proxy where nobody listens. */
const NOWHERE = {
  mode: 'fixed_servers',
  proxyRules: 'http://0.0.0.0:1',
  proxyBypassRules: '<-loopback>',
} as const;

/** Windows never talk to the network; what they need, the main process fetches. */
export async function lockSession(session: Session, windows: Windows, log: Log): Promise<void> {
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = !LOCAL.some((prefix) => url.startsWith(prefix));
    if (cancel) log.warn(`a page asked for ${url}`);
    answer({ cancel });
  });
  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(isPermitted(windows.roleOf(contents), permission)),
  );
  session.setPermissionCheckHandler((contents, permission) =>
    isPermitted(contents ? windows.roleOf(contents) : undefined, permission),
  );
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  // No request shows what WebRTC sends, and Chromium knows no content policy for it.
  await session.setProxy(NOWHERE);
}

/** Pages stay where they are; links of the main window may lead outside. What a guest shows is in none. */
export function lockNavigation(windows: Windows, links: ExternalLinks, log: Log): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');

    const stay = (event: { readonly url: string; preventDefault(): void }) => {
      if (event.url === contents.getURL()) return; // reloading
      log.warn(`a page wanted to go to ${event.url}`);
      event.preventDefault();
    };
    contents.on('will-frame-navigate', stay);
    contents.on('will-redirect', stay);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (windows.roleOf(contents)?.kind === 'main') links.follow(url);
      else log.warn(`a page wanted to open ${url}`);
      return { action: 'deny' };
    });
  });
}

import path from 'node:path';
import { app, session, shell } from 'electron';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { packageRoot } from '../threads/worker-script.ts';
import { askAboutLink } from './desktop.ts';
import { PushHub } from './ipc/push-hub.ts';
import { fileLog, type Log } from './log.ts';
import { serveApp } from './security/app-protocol.ts';
import { ExternalLinks } from './security/external-links.ts';
import { lockNavigation, lockSession } from './security/policy.ts';
import { UserSettings } from './user-settings.ts';
import { forgetfulWindowStates } from './windows/window-state.ts';
import { Windows } from './windows/windows.ts';

/** What the app consists of without its services. */
export interface Frame {
  /** Folder of what was installed. */
  readonly installed: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly windows: Windows;
  readonly hub: PushHub;
  readonly settings: UserSettings;
}

export function makeFrame(): Frame {
  const installed = packageRoot();
  const clock = systemClock;
  const log = fileLog(path.join(app.getPath('userData'), 'logs', 'headwater.log'), () => new Date());
  const preload = path.join(installed, 'dist/main/app/preload.cjs');
  const icon = iconFile(installed, 'headwater');
  const windows = new Windows({ preload, icon, clock }, forgetfulWindowStates());
  const hub = new PushHub((name, message) => windows.broadcast(name, message), clock, log);
  return { installed, clock, log, windows, hub, settings: new UserSettings() };
}

export function iconFile(installed: string, name: string): string {
  return path.join(installed, 'assets/icons', `${name}.png`);
}

/** Pages are served from our files only, have no network, and lead nowhere but where the user agrees to. */
export async function secure({ installed, windows, log, settings }: Frame): Promise<void> {
  serveApp(path.join(installed, 'dist/renderer'));
  await lockSession(session.defaultSession, windows, log);
  const links = new ExternalLinks({
    ask: (link) => askAboutLink(link, settings.words()),
    open: (address) => shell.openExternal(address),
    log,
  });
  lockNavigation(windows, links, log);
}

import { app, BrowserWindow } from 'electron';
import type { Result } from '../../shared/result.ts';
import { showNotification } from './desktop.ts';
import { iconFile, type Frame } from './frame.ts';
import type { PushHub } from './ipc/push-hub.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Log } from './log.ts';
import { BACKGROUND_SWITCH } from './login-item.ts';
import { setApplicationMenu, type MenuActions } from './menu/application-menu.ts';
import { TrayIcon } from './menu/tray.ts';
import { notifyAway } from './notifications.ts';
import type { AppServices } from './services.ts';

/** What there is of the app beside its windows, and when it ends. */
export interface Presence {
  readonly tray: TrayIcon;
  readonly lifecycle: Lifecycle;
  readonly streams: { readonly pauseStreams: () => void; readonly resumeStreams: () => void };
}

export function makePresence(
  services: AppServices,
  { installed, windows, clock, log, hub, settings }: Frame,
): Presence {
  const streamAll = (command: 'pause' | 'resume') =>
    void services.disks.streamAll({ command }).then((result) => warnOf(log, result));
  const streams = { pauseStreams: () => streamAll('pause'), resumeStreams: () => streamAll('resume') };
  const tray = new TrayIcon(iconFile(installed, 'tray'), {
    ...streams,
    show: () => lifecycle.showMain(),
    quit: () => app.quit(),
  });
  const inBackground = startedInBackground();
  const lifecycle = new Lifecycle({
    services,
    // Streams were what it was started for.
    stayFor: () => (inBackground && settings.stayFor === 'machines' ? 'streams' : settings.stayFor),
    windows,
    tray,
    clock,
    log,
    words: settings.words,
    showMachines: () => {
      lifecycle.showMain();
      hub.publish('app.navigate', { screen: 'machines' });
    },
  });
  return { tray, lifecycle, streams };
}

export function startedInBackground(): boolean {
  return app.commandLine.hasSwitch(BACKGROUND_SWITCH);
}

/** From now on the app looks, speaks and starts as the user wants. */
export async function followPreferences(
  { preferences }: AppServices,
  { log, hub, settings }: Frame,
  presence: Presence,
): Promise<void> {
  const { tray, lifecycle } = presence;
  const speak = () => {
    tray.speak(settings.words());
    setApplicationMenu(settings.words(), menuActions(hub, presence), process.platform);
  };
  const stored = await preferences.get();
  if (stored.ok) warnOf(log, settings.apply(stored.value));
  speak();
  hub.on('preferences.changed', (changed) => {
    warnOf(log, settings.apply(changed));
    speak();
    lifecycle.workChanged();
  });
}

function menuActions(hub: PushHub, { lifecycle, streams }: Presence): MenuActions {
  return {
    ...streams,
    navigate: (screen) => {
      lifecycle.showMain();
      hub.publish('app.navigate', { screen });
    },
    perform: (action) => {
      lifecycle.showMain();
      hub.publish('app.perform', { action });
    },
  };
}

/** Windows of machines that are gone close; an app without windows ends with its work. */
export function followWork({ hub, windows }: Frame, { lifecycle }: Presence): void {
  hub.on('machine.changed', () => lifecycle.workChanged());
  hub.on('disk.changed', () => lifecycle.workChanged());
  hub.on('machine.removed', ({ id }) => {
    windows.closeConsole(id);
    lifecycle.workChanged();
  });
}

export function notify({ hub, settings }: Frame, { lifecycle }: Presence): void {
  const notifier = notifyAway({
    hasFocus: () => BrowserWindow.getFocusedWindow() !== null,
    words: settings.words,
    show: (title, body) => showNotification(title, body, () => lifecycle.showMain()),
  });
  hub.on('notice', notifier);
}

function warnOf(log: Log, result: Result<void>): void {
  if (!result.ok) log.warn(result.failure.message);
}

/** The composition root of the desktop app. */
import fs from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow, dialog, nativeTheme, Notification, session, shell } from 'electron';
import { systemClock } from '../../shared/clock.ts';
import { failureText } from '../../shared/failure-text.ts';
import { preferencesSchema, type Preferences } from '../../shared/preferences.ts';
import type { Result } from '../../shared/result.ts';
import { dataFolder } from '../catalog/data-folder.ts';
import { packageRoot } from '../threads/worker-script.ts';
import { composeHandlers } from './compose.ts';
import { PushHub } from './ipc/push-hub.ts';
import { registerHandlers } from './ipc/register.ts';
import { wordsFor, type Words } from './language.ts';
import { Lifecycle } from './lifecycle.ts';
import { fileLog } from './log.ts';
import { BACKGROUND_SWITCH, setLoginItem } from './login-item.ts';
import { setApplicationMenu } from './menu/application-menu.ts';
import { TrayIcon } from './menu/tray.ts';
import { notifyAway } from './notifications.ts';
import { declareAppScheme, serveApp } from './security/app-protocol.ts';
import { ExternalLinks, type OutsideLink } from './security/external-links.ts';
import { lockNavigation, lockSession } from './security/policy.ts';
import type { AppServices, OpenServices } from './services.ts';
import { forgetfulWindowStates } from './windows/window-state.ts';
import { Windows } from './windows/windows.ts';

const NAME = 'Headwater';

/** @param openServices the product's own, or a test's */
export function startApp(openServices: OpenServices): void {
  app.setName(NAME);
  app.setPath('userData', path.join(app.getPath('appData'), NAME));
  if (!app.requestSingleInstanceLock()) {
    process.stderr.write('Headwater is running already; its window comes to the front.\n');
    app.exit(0);
    return;
  }
  declareAppScheme();
  // Root has to do without Chromium's own sandbox; windows keep theirs from Node in any case.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  // Not awaited: Electron becomes ready only after this module has been evaluated.
  void app.whenReady().then(() => run(openServices));
}

async function run(openServices: OpenServices): Promise<void> {
  const installed = packageRoot();
  const icons = path.join(installed, 'assets/icons');
  const clock = systemClock;
  const log = fileLog(path.join(app.getPath('userData'), 'logs', 'headwater.log'), () => new Date());
  const windows = new Windows(
    {
      preload: path.join(installed, 'dist/main/app/preload.cjs'),
      icon: path.join(icons, 'headwater.png'),
      clock,
    },
    forgetfulWindowStates(),
  );
  const hub = new PushHub((name, message) => windows.broadcast(name, message), clock, log);

  serveApp(path.join(installed, 'dist/renderer'));
  await lockSession(session.defaultSession, windows, log);
  let words = wordsFor('system', app.getLocale());
  const links = new ExternalLinks({
    ask: (link) => askAboutLink(link, words),
    open: (address) => shell.openExternal(address),
    log,
  });
  lockNavigation(windows, links, log);

  const folder = dataFolder();
  fs.mkdirSync(folder, { recursive: true });
  const opened = await openServices({ publish: hub.publish, log, clock, dataFolder: folder });
  if (!opened.ok) {
    log.warn(`cannot start: ${opened.failure.message}`);
    dialog.showErrorBox(words.cannotStart, failureText(opened.failure, words.language));
    app.exit(1);
    return;
  }
  const services = opened.value;
  windows.keepStatesIn(services.windowStates);

  let preferences = await readPreferences(services);
  // Streams were what it was started for.
  const inBackground = app.commandLine.hasSwitch(BACKGROUND_SWITCH);
  const heard = (result: Result<void>) => {
    if (!result.ok) log.warn(result.failure.message);
  };
  const streamAll = (command: 'pause' | 'resume') => void services.disks.streamAll({ command }).then(heard);
  const streams = { pauseStreams: () => streamAll('pause'), resumeStreams: () => streamAll('resume') };
  const tray = new TrayIcon(path.join(icons, 'tray.png'), {
    ...streams,
    show: () => lifecycle.showMain(),
    quit: () => app.quit(),
  });
  const lifecycle = new Lifecycle({
    services,
    stayFor: () => (inBackground && preferences.stayFor === 'machines' ? 'streams' : preferences.stayFor),
    windows,
    tray,
    clock,
    log,
    words: () => words,
    showMachines: () => inMain(() => hub.publish('app.navigate', { screen: 'machines' })),
  });
  const inMain = (publish: () => void) => {
    lifecycle.showMain();
    publish();
  };
  const follow = (changed: Preferences) => {
    preferences = changed;
    const { theme, language, startAtLogin } = changed;
    nativeTheme.themeSource = theme === 'light' || theme === 'dark' ? theme : 'system';
    words = wordsFor(language, app.getLocale());
    tray.speak(words);
    setApplicationMenu(
      words,
      {
        ...streams,
        navigate: (screen) => inMain(() => hub.publish('app.navigate', { screen })),
        perform: (action) => inMain(() => hub.publish('app.perform', { action })),
      },
      process.platform,
    );
    heard(setLoginItem(startAtLogin));
  };
  follow(preferences);

  hub.on('preferences.changed', (changed) => {
    follow(changed);
    lifecycle.workChanged();
  });
  hub.on('machine.changed', () => lifecycle.workChanged());
  hub.on('disk.changed', () => lifecycle.workChanged());
  hub.on('machine.removed', ({ id }) => {
    windows.closeConsole(id);
    lifecycle.workChanged();
  });
  hub.on(
    'notice',
    notifyAway({
      hasFocus: () => BrowserWindow.getFocusedWindow() !== null,
      words: () => words,
      show: (title, body) => showNotification(title, body, () => lifecycle.showMain()),
    }),
  );
  registerHandlers(composeHandlers(services, windows), windows, log);
  if (inBackground) lifecycle.startInBackground();
  else lifecycle.showMain();
}

async function readPreferences({ preferences }: AppServices): Promise<Preferences> {
  const read = await preferences.get();
  return read.ok ? read.value : preferencesSchema.parse({});
}

async function askAboutLink({ address, host }: OutsideLink, words: Words): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: words.openLink(host),
    detail: address,
    buttons: [words.open, words.cancel],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

function showNotification(title: string, body: string, chosen: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title, body });
  notification.on('click', chosen);
  notification.show();
}

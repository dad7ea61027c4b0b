/** The composition root of the desktop app. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { app, dialog, nativeTheme, session } from 'electron';
import { systemClock } from '../../shared/clock.ts';
import { preferencesSchema, type Preferences } from '../../shared/preferences.ts';
import { packageRoot } from '../threads/worker-script.ts';
import { composeHandlers } from './compose.ts';
import { PushHub } from './ipc/push-hub.ts';
import { registerHandlers } from './ipc/register.ts';
import { wordsFor } from './language.ts';
import { Lifecycle } from './lifecycle.ts';
import { fileLog } from './log.ts';
import { setApplicationMenu } from './menu/application-menu.ts';
import { TrayIcon } from './menu/tray.ts';
import { declareAppScheme, serveApp } from './security/app-protocol.ts';
import { lockNavigation, lockSession } from './security/policy.ts';
import type { OpenServices } from './services.ts';
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
  lockNavigation(log);

  const dataFolder = dataFolderOf(process.platform);
  fs.mkdirSync(dataFolder, { recursive: true });
  const opened = await openServices({ publish: hub.publish, log, clock, dataFolder });
  if (!opened.ok) {
    log.warn(`cannot start: ${opened.failure.message}`);
    dialog.showErrorBox(wordsFor('system', app.getLocale()).cannotStart, opened.failure.message);
    app.exit(1);
    return;
  }
  const services = opened.value;
  if (services.windowStates) windows.keepStatesIn(services.windowStates);

  let words = wordsFor('system', app.getLocale());
  const tray = new TrayIcon(path.join(icons, 'tray.png'), {
    show: () => lifecycle.showMain(),
    quit: () => app.quit(),
  });
  const lifecycle = new Lifecycle({
    services,
    windows,
    tray,
    clock,
    log,
    words: () => words,
    showMachines: () => navigate('machines'),
  });
  const navigate = (screen: 'catalog' | 'machines' | 'overlays' | 'preferences') => {
    lifecycle.showMain();
    hub.publish('app.navigate', { screen });
  };
  const follow = ({ theme, language }: Preferences) => {
    nativeTheme.themeSource = theme === 'light' || theme === 'dark' ? theme : 'system';
    words = wordsFor(language, app.getLocale());
    setApplicationMenu(words, { navigate }, process.platform);
  };
  const preferences = await services.preferences?.get();
  follow(preferences?.ok ? preferences.value : preferencesSchema.parse({}));

  hub.on('preferences.changed', follow);
  hub.on('machine.changed', () => lifecycle.machinesChanged());
  hub.on('machine.removed', ({ id }) => {
    windows.closeConsole(id);
    lifecycle.machinesChanged();
  });
  registerHandlers(composeHandlers(services, windows), windows, log);
  lifecycle.showMain();
}

/** The command keeps its overlays there, too; on Linux by the XDG base directory specification. */
function dataFolderOf(platform: NodeJS.Platform): string {
  if (platform !== 'linux') return path.join(app.getPath('userData'), 'data');
  return path.join(process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local/share'), 'headwater');
}

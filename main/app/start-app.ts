/** The composition root of the desktop app. */
import fs from 'node:fs';
import path from 'node:path';
import { app, dialog } from 'electron';
import { failureText } from '../../shared/failure-text.ts';
import { dataFolder } from '../catalog/data-folder.ts';
import { composeHandlers } from './compose.ts';
import { makeFrame, secure, type Frame } from './frame.ts';
import { registerHandlers } from './ipc/register.ts';
import { followPreferences, followWork, makePresence, notify, startedInBackground } from './presence.ts';
import { declareAppScheme } from './security/app-protocol.ts';
import type { AppServices, OpenServices } from './services.ts';

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
  const frame = makeFrame();
  await secure(frame);
  const services = await open(openServices, frame);
  if (services === null) return;
  const presence = makePresence(services, frame);
  await followPreferences(services, frame, presence);
  followWork(frame, presence);
  notify(frame, presence);
  registerHandlers(composeHandlers(services, frame.windows), frame.windows, frame.log);
  if (startedInBackground()) presence.lifecycle.startInBackground();
  else presence.lifecycle.showMain();
}

/** Null, and the app ends, when they cannot be opened. */
async function open(openServices: OpenServices, frame: Frame): Promise<AppServices | null> {
  const { clock, log, windows, hub, settings } = frame;
  const folder = dataFolder();
  fs.mkdirSync(folder, { recursive: true });
  const opened = await openServices({ publish: hub.publish, log, clock, dataFolder: folder });
  if (!opened.ok) {
    const { cannotStart, language } = settings.words();
    log.warn(`cannot start: ${opened.failure.message}`);
    dialog.showErrorBox(cannotStart, failureText(opened.failure, language));
    app.exit(1);
    return null;
  }
  windows.keepStatesIn(opened.value.windowStates);
  return opened.value;
}

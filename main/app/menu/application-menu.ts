import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { PushPayload } from '../../../shared/ipc/contract.ts';
import type { Words } from '../language.ts';

type Screen = Exclude<PushPayload<'app.navigate'>['screen'], 'machine'>;
type Action = PushPayload<'app.perform'>['action'];

export interface MenuActions {
  /** Shows the main window with this screen. */
  navigate(screen: Screen): void;
  /** Has the main window do something. */
  perform(action: Action): void;
  pauseStreams(): void;
  resumeStreams(): void;
}

/** The menu of the main window; of the whole app on macOS. Labels of roles come from Electron. */
export function setApplicationMenu(words: Words, actions: MenuActions, platform: NodeJS.Platform): void {
  const isMac = platform === 'darwin';
  const screen = (name: Screen, label: string, accelerator: string): MenuItemConstructorOptions => ({
    id: `screen-${name}`,
    label,
    accelerator,
    click: () => actions.navigate(name),
  });
  const action = (name: Action, label: string, accelerator?: string): MenuItemConstructorOptions => ({
    id: `action-${name}`,
    label,
    ...(accelerator !== undefined && { accelerator }),
    click: () => actions.perform(name),
  });
  const preferences = screen('preferences', words.preferences, 'CommandOrControl+,');
  const quit: MenuItemConstructorOptions = {
    role: 'quit',
    label: words.quit,
    accelerator: 'CommandOrControl+Q',
  };
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const close: MenuItemConstructorOptions = { role: 'close', label: words.closeWindow };

  const appMenu: MenuItemConstructorOptions = {
    label: 'Headwater',
    submenu: [
      { role: 'about' },
      separator,
      preferences,
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      separator,
      quit,
    ],
  };
  const file: MenuItemConstructorOptions = {
    label: words.file,
    submenu: [
      action('add-appliance', words.addAppliance, 'CommandOrControl+N'),
      separator,
      ...(isMac ? [close] : [preferences, separator, close, quit]),
    ],
  };
  const view: MenuItemConstructorOptions = {
    label: words.view,
    submenu: [
      screen('catalog', words.catalog, 'CommandOrControl+1'),
      screen('machines', words.machines, 'CommandOrControl+2'),
      screen('overlays', words.overlays, 'CommandOrControl+3'),
      separator,
      action('commands', words.commands, 'CommandOrControl+K'),
      action('search', words.search, 'CommandOrControl+F'),
      separator,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
    ],
  };
  const streams: MenuItemConstructorOptions = {
    label: words.streams,
    submenu: [
      { id: 'pause-streams', label: words.pauseStreams, click: () => actions.pauseStreams() },
      { id: 'resume-streams', label: words.resumeStreams, click: () => actions.resumeStreams() },
    ],
  };
  const help: MenuItemConstructorOptions = {
    role: 'help',
    label: words.help,
    submenu: [
      action('shortcuts', words.shortcuts, 'F1'),
      ...(isMac ? [] : [separator, { role: 'about' as const, label: words.about }]),
    ],
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [appMenu] : []),
      file,
      { role: 'editMenu', label: words.edit },
      view,
      streams,
      { role: 'windowMenu', label: words.window },
      help,
    ]),
  );
}

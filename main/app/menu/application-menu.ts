import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { PushPayload } from '../../../shared/ipc/contract.ts';
import type { Words } from '../language.ts';

type Screen = PushPayload<'app.navigate'>['screen'];

export interface MenuActions {
  /** Shows the main window with this screen. */
  navigate(screen: Screen): void;
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
    submenu: isMac ? [close] : [preferences, separator, close, quit],
  };
  const view: MenuItemConstructorOptions = {
    label: words.view,
    submenu: [
      screen('catalog', words.catalog, 'CommandOrControl+1'),
      screen('machines', words.machines, 'CommandOrControl+2'),
      screen('overlays', words.overlays, 'CommandOrControl+3'),
      separator,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
    ],
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [appMenu] : []),
      file,
      { role: 'editMenu', label: words.edit },
      view,
      { role: 'windowMenu', label: words.window },
    ]),
  );
}

import { Menu, Tray } from 'electron';
import type { Words } from '../language.ts';

export interface TrayActions {
  readonly show: () => void;
  readonly quit: () => void;
}

/** The icon by which a Headwater without windows can be found again. */
export class TrayIcon {
  readonly #icon: string;
  readonly #actions: TrayActions;
  #tray: Tray | undefined;

  constructor(icon: string, actions: TrayActions) {
    this.#icon = icon;
    this.#actions = actions;
  }

  show(words: Words): void {
    if (this.#tray) return;
    const { show, quit } = this.#actions;
    this.#tray = new Tray(this.#icon);
    this.#tray.setToolTip('Headwater');
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: words.show, click: show },
        { type: 'separator' },
        { label: words.quit, click: quit },
      ]),
    );
    this.#tray.on('click', show);
  }

  hide(): void {
    this.#tray?.destroy();
    this.#tray = undefined;
  }
}

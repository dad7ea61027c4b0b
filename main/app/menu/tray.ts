import { Menu, Tray } from 'electron';
import type { Words } from '../language.ts';

export interface TrayActions {
  readonly show: () => void;
  readonly pauseStreams: () => void;
  readonly resumeStreams: () => void;
  readonly quit: () => void;
}

/**
 * The icon by which a Headwater without windows can be found again. It appears when it is first needed and then stays:
 * on Linux, destroying one whose desktop has not answered yet can take the whole process along (seen in Electron 33).
 */
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
    this.#tray = new Tray(this.#icon);
    this.#tray.setToolTip('Headwater');
    this.#tray.on('click', this.#actions.show);
    this.speak(words);
  }

  /** In another language from now on. */
  speak(words: Words): void {
    const { show, pauseStreams, resumeStreams, quit } = this.#actions;
    this.#tray?.setContextMenu(
      Menu.buildFromTemplate([
        { label: words.show, click: show },
        { type: 'separator' },
        { label: words.pauseStreams, click: pauseStreams },
        { label: words.resumeStreams, click: resumeStreams },
        { type: 'separator' },
        { label: words.quit, click: quit },
      ]),
    );
  }
}

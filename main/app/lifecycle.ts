/**
 * When the app ends and when it goes on without windows.
 *
 * ```
 *             last window closed, machines run
 *   windows ───────────────────────────────────▶ background ──── last machine ends ───▶┐
 *      ▲ └─────── last window closed, none run ─────────┼─────────────────────────────▶│
 *      └──── tray · started again ──────────────────────┘                              ▼
 *                        quit: asks when machines run ─────────────────▶ closing ──▶ gone
 *                        SIGTERM, SIGINT, SIGHUP: does not ask ────────▶
 * ```
 */
import { app, dialog, Notification } from 'electron';
import { sleep, type Clock } from '../../shared/clock.ts';
import type { Words } from './language.ts';
import type { Log } from './log.ts';
import type { TrayIcon } from './menu/tray.ts';
import type { AppServices } from './services.ts';
import type { Windows } from './windows/windows.ts';

/** Machines that have not ended by then are not waited for: what they wrote lately is committed every 200 ms anyway. */
const CLOSE_MS = 10_000;

export interface LifecycleOptions {
  readonly services: Pick<AppServices, 'machinesRunning' | 'close'>;
  readonly windows: Windows;
  readonly tray: TrayIcon;
  readonly clock: Clock;
  readonly log: Log;
  readonly words: () => Words;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  #phase: 'open' | 'asking' | 'closing' | 'gone' = 'open';
  #toldOfBackground = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    app.on('window-all-closed', () => this.#settle());
    app.on('before-quit', (event) => {
      if (this.#phase === 'gone') return;
      event.preventDefault();
      void this.#quit();
    });
    app.on('second-instance', () => this.showMain());
    app.on('activate', () => this.showMain());
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void this.#end());
  }

  showMain(): void {
    if (this.#phase === 'closing' || this.#phase === 'gone') return;
    this.#options.windows.showMain();
  }

  /** To be called when a machine changed: the last one may have been all that kept the app. */
  machinesChanged(): void {
    if (this.#phase === 'open' && this.#options.windows.count === 0) this.#settle();
  }

  #settle(): void {
    const { services, tray, words } = this.#options;
    if (this.#phase !== 'open') return;
    if (services.machinesRunning() === 0) {
      void this.#end();
      return;
    }
    tray.show(words());
    this.#tellOfBackground();
  }

  #tellOfBackground(): void {
    if (this.#toldOfBackground || !Notification.isSupported()) return;
    this.#toldOfBackground = true;
    const { stillRunning: title, stillRunningBecause: body } = this.#options.words();
    new Notification({ title, body }).show();
  }

  async #quit(): Promise<void> {
    if (this.#phase !== 'open') return;
    const machines = this.#options.services.machinesRunning();
    if (machines > 0) {
      this.#phase = 'asking';
      const agreed = await this.#agreesToPowerOff(machines);
      this.#phase = 'open';
      if (!agreed) return;
    }
    await this.#end();
  }

  async #agreesToPowerOff(machines: number): Promise<boolean> {
    const words = this.#options.words();
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: words.quitQuestion(machines),
      detail: words.quitDetail,
      buttons: [words.powerOffAndQuit, words.cancel],
      defaultId: 1,
      cancelId: 1,
      noLink: true,
    });
    return response === 0;
  }

  async #end(): Promise<void> {
    if (this.#phase === 'closing' || this.#phase === 'gone') return;
    this.#phase = 'closing';
    const { services, windows, clock, log } = this.#options;
    windows.closeAll();
    const inTime = new AbortController();
    const closed = services
      .close()
      .catch((error: unknown) => log.bug('closing services', error))
      .finally(() => inTime.abort());
    await Promise.race([closed, sleep(clock, CLOSE_MS, inTime.signal)]);
    this.#phase = 'gone';
    app.exit(0);
  }
}

/**
 * When the app ends and when it goes on without windows.
 *
 * ```
 *             last window closed, work goes on
 *   windows ───────────────────────────────────▶ background ───── all work ends ──────▶┐
 *      ▲ └─────── last window closed, no work ──────────┼─────────────────────────────▶│
 *      └──── tray · started again ──────────────────────┘                              ▼
 *             quit: asks whether to save machines that run ────────────▶ closing ──▶ gone
 *             SIGTERM, SIGINT, SIGHUP, shutdown: saves them unasked ───▶
 * ```
 *
 * Work is machines that run and, as the user prefers, disks that stream; or the app stays in any case.
 */
import { app, dialog, Notification, powerMonitor } from 'electron';
import { within, type Clock } from '../../shared/clock.ts';
import type { Preferences } from '../../shared/preferences.ts';
import type { Words } from './language.ts';
import type { Log } from './log.ts';
import type { TrayIcon } from './menu/tray.ts';
import { mayQuit, type Question } from './quit-machines.ts';
import type { AppServices } from './services.ts';
import type { Windows } from './windows/windows.ts';

/** Machines that have not ended by then are not waited for: what they wrote lately is committed every 200 ms anyway. */
const CLOSE_MS = 10_000;
/** Who ends the session does not wait for long. What is not saved by then is powered off. */
const UNASKED_SAVE_MS = 8000;

export interface LifecycleOptions {
  readonly services: Pick<AppServices, 'machinesRunning' | 'streamsRunning' | 'saveMachines' | 'close'>;
  /** What keeps the app when no window is open. */
  readonly stayFor: () => Preferences['stayFor'];
  readonly windows: Windows;
  readonly tray: TrayIcon;
  readonly clock: Clock;
  readonly log: Log;
  readonly words: () => Words;
  /** Shows the machines in the main window. */
  readonly showMachines: () => void;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  #phase: 'open' | 'asking' | 'saving' | 'closing' | 'gone' = 'open';
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
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => void this.#saveAndEnd());
    }
    powerMonitor.on('shutdown', () => void this.#saveAndEnd());
  }

  get #ends(): boolean {
    return this.#phase === 'saving' || this.#phase === 'closing' || this.#phase === 'gone';
  }

  showMain(): void {
    if (this.#ends) return;
    this.#options.windows.showMain();
  }

  /** Without a window, from the beginning: as long as there is something to do. */
  startInBackground(): void {
    this.#settle();
  }

  /** To be called when a machine, a disk or a preference changed: that may have been all that kept the app. */
  workChanged(): void {
    if (this.#phase === 'open' && this.#options.windows.count === 0) this.#settle();
  }

  #settle(): void {
    const { tray, words } = this.#options;
    if (this.#phase !== 'open') return;
    if (!this.#hasToStay()) {
      void this.#end();
      return;
    }
    tray.show(words());
    this.#tellOfBackground();
  }

  #hasToStay(): boolean {
    const { services, stayFor } = this.#options;
    if (stayFor() === 'always' || services.machinesRunning() > 0) return true;
    return stayFor() === 'streams' && services.streamsRunning() > 0;
  }

  #tellOfBackground(): void {
    if (this.#toldOfBackground || !Notification.isSupported()) return;
    this.#toldOfBackground = true;
    const { stillRunning: title, stillRunningBecause: body } = this.#options.words();
    new Notification({ title, body }).show();
  }

  async #quit(): Promise<void> {
    if (this.#phase !== 'open') return;
    this.#phase = 'asking';
    const agreed = await mayQuit({
      ...this.#options,
      showProgress: this.#options.showMachines,
      ask: (question) => this.#ask(question),
    });
    // The session may have been ended meanwhile.
    if (this.#ends) return;
    this.#phase = 'open';
    if (agreed) await this.#end();
  }

  async #ask({ message, detail, buttons }: Question): Promise<number> {
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message,
      detail,
      buttons: [...buttons],
      defaultId: 0,
      cancelId: buttons.length - 1,
      noLink: true,
    });
    return response;
  }

  async #saveAndEnd(): Promise<void> {
    if (this.#ends) return;
    this.#phase = 'saving';
    const { services, clock, log } = this.#options;
    const notSaved = await within(clock, UNASKED_SAVE_MS, services.saveMachines());
    for (const { name, failure } of notSaved ?? []) log.warn(`${name} was not saved: ${failure.message}`);
    await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#phase === 'closing' || this.#phase === 'gone') return;
    this.#phase = 'closing';
    const { services, windows, clock, log } = this.#options;
    windows.closeAll();
    const closed = services.close().catch((error: unknown) => log.bug('closing services', error));
    await within(clock, CLOSE_MS, closed);
    this.#phase = 'gone';
    app.exit(0);
  }
}

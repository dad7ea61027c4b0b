import { app, BrowserWindow, type WebContents } from 'electron';
import type { Machine } from '../../../main/machines/machine.ts';
import type { MachineService } from '../../../main/machines/service/machine-service.ts';
import { MainThreadWatch } from './main-thread-watch.ts';
import { orderSchema, type FromApp, type Order } from './messages.ts';

/** Runs in a page: when there is something to start and it can be clicked. */
const USABLE = `new Promise((resolve) => {
  const look = () =>
    document.querySelector('article button:not(:disabled)') ? resolve(Date.now()) : requestAnimationFrame(look);
  look();
})`;

type Window = Pick<BrowserWindow, 'webContents' | 'once' | 'destroy'>;

/** What the bench knows of the app from within: tells when what happened, and does what it is told. */
export class Probe {
  readonly #noted = new Set<string>();
  #main: WebContents | null = null;
  #newest: Machine | null = null;
  #watch: MainThreadWatch | null = null;

  constructor() {
    void app.whenReady().then(() => this.#note('ready'));
    app.on('browser-window-created', (_event, window) => this.#watchWindow(window));
    process.on('message', (message) => void this.#obey(orderSchema.parse(message)));
    // The bench has gone: nobody is measured any more.
    process.on('disconnect', () => app.exit(0));
  }

  /** Tells of `running NUMBER` and `login NUMBER` of the machines in the order of their starts. */
  watchMachines(machines: MachineService): void {
    let count = 0;
    machines.on('started', ({ machine }) => {
      this.#newest = machine;
      const number = (count += 1);
      let printed = '';
      machine.on('state', ({ kind }) => {
        if (kind === 'running') this.#note(`running ${number}`);
      });
      machine.on('serial', (bytes) => {
        printed = (printed + Buffer.from(bytes).toString('latin1')).slice(-200);
        if (printed.includes('login:')) this.#note(`login ${number}`);
      });
    });
  }

  #watchWindow(window: Window): void {
    const contents = window.webContents;
    if (this.#main !== null) {
      window.once('ready-to-show', () => this.#note(`console ${this.#consoles.length}`));
      return;
    }
    this.#main = contents;
    window.once('ready-to-show', () => this.#note('shown'));
    contents.once('dom-ready', () => {
      void contents.executeJavaScript(USABLE).then((atMs) => this.#note('usable', Number(atMs)));
    });
  }

  get #consoles(): Window[] {
    return BrowserWindow.getAllWindows().filter(({ webContents }) => webContents !== this.#main);
  }

  async #obey(order: Order): Promise<void> {
    try {
      this.#send({ answers: order.id, value: await this.#do(order) });
    } catch (error) {
      this.#send({ answers: order.id, failed: error instanceof Error ? error.message : String(error) });
    }
  }

  #do(order: Order): unknown {
    switch (order.order) {
      case 'page':
        return this.#main?.executeJavaScript(order.script);
      case 'watch':
        this.#watch = new MainThreadWatch();
        this.#watch.start();
        return null;
      case 'stop-watch':
        return this.#watch?.stop();
      case 'close-consoles':
        for (const window of this.#consoles) window.destroy();
        return null;
      case 'press-enter':
        return this.#pressEnter();
    }
  }

  #pressEnter(): Promise<number> {
    return new Promise((resolve) => {
      const stop = this.#newest?.on('serial', () => {
        stop?.();
        resolve(Date.now());
      });
      this.#newest?.sendSerial('\r');
    });
  }

  /** Only the first time of something counts. */
  #note(moment: string, atMs = Date.now()): void {
    if (this.#noted.has(moment)) return;
    this.#noted.add(moment);
    this.#send({ moment, atMs });
  }

  #send(message: FromApp): void {
    process.send?.(message);
  }
}

import type { WebContents } from 'electron';
import type { MachineService } from '../../../main/machines/service/machine-service.ts';
import { MainThreadWatch, type Blocks } from './main-thread-watch.ts';

/** Moments, in milliseconds since 1970. */
export type Moments = Record<string, number>;

/** Runs in a page: when there is something to start and it can be clicked. */
const USABLE = `new Promise((resolve) => {
  const look = () =>
    document.querySelector('article button:not(:disabled)') ? resolve(Date.now()) : requestAnimationFrame(look);
  look();
})`;

/** What the bench knows of the app from within; a page or a driver reaches it as `globalThis.headwaterProbe`. */
export class Probe {
  readonly moments: Moments = {};
  #watch: MainThreadWatch | null = null;

  note(name: string): void {
    this.moments[name] ??= Date.now();
  }

  async watchPage(contents: WebContents): Promise<void> {
    const usableMs = (await contents.executeJavaScript(USABLE)) as number;
    this.moments['usable'] ??= usableMs;
  }

  /** Notes `running NUMBER` and `login NUMBER` of the machines in the order of their starts. */
  watchMachines(machines: MachineService): void {
    let count = 0;
    machines.on('started', ({ machine }) => {
      const number = (count += 1);
      let printed = '';
      machine.on('state', ({ kind }) => {
        if (kind === 'running') this.note(`running ${number}`);
      });
      machine.on('serial', (bytes) => {
        printed = (printed + Buffer.from(bytes).toString('latin1')).slice(-200);
        if (printed.includes('login:')) this.note(`login ${number}`);
      });
    });
  }

  startWatch(): void {
    this.#watch = new MainThreadWatch();
    this.#watch.start();
  }

  stopWatch(): Blocks | null {
    const blocks = this.#watch?.stop() ?? null;
    this.#watch = null;
    return blocks;
  }
}

declare global {
  var headwaterProbe: Probe;
}

import { app, BrowserWindow, nativeTheme, screen, type WebContents } from 'electron';
import type { Clock } from '../../../shared/clock.ts';
import { PUSH_PREFIX } from '../../../shared/ipc/bridge.ts';
import type { Push } from '../../../shared/ipc/channel.ts';
import { APP_ORIGIN } from '../origin.ts';
import type { WindowRole } from './window-role.ts';
import { ifVisible, SMALLEST_WINDOW, type WindowStateStore } from './window-state.ts';

const DEFAULT_SIZES = { main: { width: 1180, height: 760 }, console: { width: 1064, height: 880 } };
/** Shown for a moment before the page is. */
const BACKGROUND = { light: '#f6f7f8', dark: '#17191c' };
/** A window that is moved about is written down when it rests. */
const REST_MS = 500;

interface Open {
  readonly window: BrowserWindow;
  readonly role: WindowRole;
}

export interface WindowsOptions {
  /** The built preload script. */
  readonly preload: string;
  readonly icon: string;
  readonly clock: Clock;
}

/** All windows there are: the main one, and a console for each machine that has one open. */
export class Windows {
  readonly #options: WindowsOptions;
  readonly #open = new Set<Open>();
  #states: WindowStateStore;

  constructor(options: WindowsOptions, states: WindowStateStore) {
    this.#options = options;
    this.#states = states;
  }

  get count(): number {
    return this.#open.size;
  }

  keepStatesIn(states: WindowStateStore): void {
    this.#states = states;
  }

  roleOf(contents: WebContents): WindowRole | undefined {
    return this.#openOf(contents)?.role;
  }

  broadcast(name: string, message: Push<unknown>): void {
    for (const { window } of this.#open) {
      if (!window.isDestroyed()) window.webContents.send(`${PUSH_PREFIX}${name}`, message);
    }
  }

  /** Opens the main window, or brings it to the front. */
  showMain(): void {
    const existing = this.#find(({ role }) => role.kind === 'main');
    if (existing) toFront(existing.window);
    else this.#create({ kind: 'main' }, 'index.html');
  }

  showConsole(machineId: string): void {
    const existing = this.#consoleOf(machineId);
    if (existing) toFront(existing.window);
    else
      this.#create({ kind: 'console', machineId }, `console.html?machine=${encodeURIComponent(machineId)}`);
  }

  closeConsole(machineId: string): void {
    this.#consoleOf(machineId)?.window.close();
  }

  closeAll(): void {
    for (const { window } of this.#open) window.close();
  }

  /** The window a dialog belongs to. */
  windowOf(contents: WebContents): BrowserWindow | undefined {
    return this.#openOf(contents)?.window;
  }

  #openOf(contents: WebContents): Open | undefined {
    return this.#find(({ window }) => !window.isDestroyed() && window.webContents === contents);
  }

  #consoleOf(machineId: string): Open | undefined {
    return this.#find(({ role }) => role.kind === 'console' && role.machineId === machineId);
  }

  #find(wanted: (open: Open) => boolean): Open | undefined {
    return [...this.#open].find(wanted);
  }

  #create(role: WindowRole, page: string): void {
    const key = role.kind === 'main' ? 'main' : `console ${role.machineId}`;
    const displays = screen.getAllDisplays().map(({ workArea }) => workArea);
    const state = ifVisible(this.#states.load(key), displays);
    const window = new BrowserWindow({
      ...DEFAULT_SIZES[role.kind],
      ...(state && { x: state.x, y: state.y, width: state.width, height: state.height }),
      minWidth: SMALLEST_WINDOW.width,
      minHeight: SMALLEST_WINDOW.height,
      show: false,
      icon: this.#options.icon,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      webPreferences: {
        preload: this.#options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        spellcheck: false,
        webSecurity: true,
        // A console that is covered by another window still has to follow its machine.
        backgroundThrottling: role.kind === 'main',
      },
    });
    const open = { window, role };
    this.#open.add(open);
    // All keys of a console belong to its guest: no menu, no shortcuts of ours.
    if (role.kind === 'console' && process.platform !== 'darwin') window.removeMenu();
    window.once('ready-to-show', () => {
      if (state?.maximised) window.maximize();
      window.show();
    });
    window.on('closed', () => this.#open.delete(open));
    this.#keepState(window, key);
    void window.loadURL(`${APP_ORIGIN}/${page}`);
  }

  #keepState(window: BrowserWindow, key: string): void {
    let cancel = () => {};
    const save = () => {
      cancel();
      if (window.isDestroyed() || window.isMinimized()) return;
      // A maximised or full-screen window is to come back to the size it had before.
      this.#states.save(key, { ...window.getNormalBounds(), maximised: window.isMaximized() });
    };
    const saveSoon = () => {
      cancel();
      cancel = this.#options.clock.after(REST_MS, save);
    };
    window.on('resize', saveSoon);
    window.on('move', saveSoon);
    window.on('close', save);
  }
}

function toFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
  if (process.platform === 'darwin') app.focus({ steal: true });
}

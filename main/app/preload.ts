/** Runs in every window before the page, which gets from it one frozen object and the port of a console, no more. */
import { contextBridge, ipcRenderer } from 'electron';
import {
  CONSOLE_PORT_CHANNEL,
  PUSH_PREFIX,
  REQUEST_PREFIX,
  type Bridge,
  type ConsolePortMessage,
} from '../../shared/ipc/bridge.ts';

/** The part of a window's globals that is used here; this file is otherwise type-checked without a window. */
declare const window: {
  readonly location: { readonly origin: string };
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};

const bridge: Bridge = {
  request: (name, input) => ipcRenderer.invoke(`${REQUEST_PREFIX}${name}`, input),
  on: (push, listener) => {
    const channel = `${PUSH_PREFIX}${push}`;
    // The event itself stays here: it would give the page `ipcRenderer`.
    const deliver = (_event: unknown, message: unknown) => listener(message);
    ipcRenderer.on(channel, deliver);
    return () => {
      ipcRenderer.off(channel, deliver);
    };
  },
};

// What contextBridge exposes is frozen in the page.
contextBridge.exposeInMainWorld('headwater', bridge);

ipcRenderer.on(CONSOLE_PORT_CHANNEL, (event, message: ConsolePortMessage) => {
  // Ports cannot pass the context bridge; this is how the page gets it.
  window.postMessage(message, window.location.origin, event.ports);
});

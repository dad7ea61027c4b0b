import type { Bridge } from '../../shared/ipc/bridge.ts';

declare global {
  interface Window {
    readonly headwater: Bridge;
  }
}

export const bridge: Bridge = window.headwater;

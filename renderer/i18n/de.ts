import * as catalog from './de/catalog.ts';
import * as common from './de/common.ts';
import * as console from './de/console.ts';
import * as hardware from './de/hardware.ts';
import * as machines from './de/machines.ts';
import * as overlays from './de/overlays.ts';
import * as preferences from './de/preferences.ts';
import * as shell from './de/shell.ts';
import * as streams from './de/streams.ts';
import type { Messages } from './en.ts';

export const de: Messages = {
  ...catalog,
  ...common,
  ...console,
  ...hardware,
  ...machines,
  ...overlays,
  ...preferences,
  ...shell,
  ...streams,
};

import * as catalog from './en/catalog.ts';
import * as common from './en/common.ts';
import * as console from './en/console.ts';
import * as hardware from './en/hardware.ts';
import * as machines from './en/machines.ts';
import * as overlays from './en/overlays.ts';
import * as preferences from './en/preferences.ts';
import * as shell from './en/shell.ts';
import * as streams from './en/streams.ts';

/** Everything the windows say, in English. Numbers come formatted, with the bare count where a plural needs it. */
export const en = {
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

export type Messages = typeof en;

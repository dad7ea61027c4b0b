import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { err, type Failure } from '../../../../shared/result.ts';
import { findBuiltAppliance } from '../../../appliances/built-appliances.ts';
import { appliancesFolder } from '../../places.ts';
import type { Command, Terminal } from '../../terminal.ts';
import { DEMO_HELP, parseDemoArguments, type DemoArguments } from './arguments.ts';
import { Demonstration } from './demonstration.ts';

/** `headwater demo`: the main job in a terminal, on real input, from the empty overlay to the disk that stands alone. */
export const demoCommand: Command = {
  async run(args, terminal) {
    const parsed = parseDemoArguments(args);
    if (!parsed.ok) return complain(terminal, parsed.failure);
    if (parsed.value === null) {
      terminal.out(DEMO_HELP);
      return 0;
    }
    return demonstrate(parsed.value, terminal);
  },
};

async function demonstrate(options: DemoArguments, terminal: Terminal): Promise<number> {
  const appliance = findBuiltAppliance(appliancesFolder(), options.appliance);
  if (!appliance.ok) return complain(terminal, appliance.failure);
  const { id, serial } = appliance.value.description;
  if (serial?.loginPrompt === undefined) {
    return complain(
      terminal,
      err('unsupported', `'${id}' has no login at its serial port to work in`).failure,
    );
  }
  // Heard from now on, so that the temporary folder goes whenever the user interrupts.
  const { interrupted } = terminal;
  const folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-demo-'));
  try {
    const overlayPath = path.join(folder, `${appliance.value.description.id}.qed`);
    const demonstration = new Demonstration(
      appliance.value,
      overlayPath,
      options.link,
      terminal,
      systemClock,
    );
    const shown = await demonstration.run();
    if (shown.ok) return 0;
    const code = complain(terminal, shown.failure);
    return interrupted.aborted ? 130 : code;
  } finally {
    if (options.folder === null) fs.rmSync(folder, { recursive: true, force: true });
  }
}

function complain(terminal: Terminal, failure: Failure): number {
  terminal.err(`headwater demo: ${failure.message}\n`);
  return 1;
}

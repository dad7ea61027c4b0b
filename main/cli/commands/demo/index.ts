import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance } from '../../../appliances/built-appliances.ts';
import { command } from '../../arguments/command.ts';
import { appliancesFolder } from '../../places.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { DEMO, type DemoArguments } from './arguments.ts';
import { Demonstration } from './demonstration.ts';

/** `headwater demo`: the main job in a terminal, on real input, from the empty overlay to the disk that stands alone. */
export const demoCommand = command({ ...DEMO, run: demonstrate });

async function demonstrate(options: DemoArguments, terminal: Terminal): Promise<Result<number>> {
  const appliance = findBuiltAppliance(appliancesFolder(), options.appliance);
  if (!appliance.ok) return appliance;
  const { id, serial } = appliance.value.description;
  if (serial?.loginPrompt === undefined) {
    return err('unsupported', `'${id}' has no login at its serial port to work in`);
  }
  // Heard from now on, so that the temporary folder goes whenever the user interrupts.
  const { interrupted } = terminal;
  const folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-demo-'));
  try {
    const overlayPath = path.join(folder, `${id}.qed`);
    const { link } = options;
    const shown = await new Demonstration(appliance.value, overlayPath, link, terminal, systemClock).run();
    if (shown.ok) return ok(EXIT.done);
    return interrupted.aborted ? err('cancelled', shown.failure.message) : shown;
  } finally {
    if (options.folder === null) fs.rmSync(folder, { recursive: true, force: true });
  }
}

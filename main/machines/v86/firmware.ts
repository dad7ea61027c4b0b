import fs from 'node:fs';
import path from 'node:path';
import { ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import type { Firmware } from './messages.ts';

/** Reads SeaBIOS and its VGA BIOS from the folder where the set-up puts them; see `assets/firmware/README.md`. */
export function loadFirmware(folder: string): Result<Firmware> {
  try {
    return ok({
      bios: fs.readFileSync(path.join(folder, 'bios.bin')),
      vgaBios: fs.readFileSync(path.join(folder, 'vgabios-stdvga.bin')),
    });
  } catch (error) {
    return failureFromSystem(error, "Could not load the machine's firmware ('npm start' fetches it)");
  }
}

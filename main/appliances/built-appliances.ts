import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { builtApplianceSchema, type BuiltAppliance } from '../../shared/appliance.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

/** An appliance whose master lies on this machine. */
export interface InstalledAppliance {
  readonly description: BuiltAppliance;
  /** Path of the raw master disk. */
  readonly masterPath: string;
}

/**
 * Finds an appliance that was built from its recipe.
 * @param folder where the set-up puts built appliances, one folder each
 */
export function findBuiltAppliance(folder: string, id: string): Result<InstalledAppliance> {
  const known = listBuiltAppliances(folder);
  if (!known.includes(id)) {
    const choice = known.length === 0 ? 'none is built yet' : `there are: ${known.join(', ')}`;
    return err(
      'not-found',
      `There is no appliance '${id}'; ${choice}. 'npm start' builds the ones that come along`,
      { words: ['appliance-gone'] },
    );
  }
  const place = path.join(folder, id);
  const file = path.join(place, 'appliance.json');
  try {
    const parsed = builtApplianceSchema.safeParse(JSON.parse(fs.readFileSync(file, 'utf8')));
    if (!parsed.success) return err('malformed', `'${file}' is damaged: ${z.prettifyError(parsed.error)}`);
    return ok({ description: parsed.data, masterPath: path.join(place, parsed.data.disk.file) });
  } catch (error) {
    if (error instanceof SyntaxError) return err('malformed', `'${file}' is damaged: ${error.message}`);
    return failureFromSystem(error, `Could not read '${file}'`);
  }
}

/** The ids of all appliances built so far, in alphabetical order. */
export function listBuiltAppliances(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const ids = fs.readdirSync(folder).filter((id) => fs.existsSync(path.join(folder, id, 'appliance.json')));
  return ids.sort();
}

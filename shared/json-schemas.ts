import { z } from 'zod';
import { feedSchema } from './feed.ts';
import { masterDescriptionSchema } from './master.ts';

/**
 * What publishers write, as JSON Schema (2020-12) for their editors and tools: the files of `docs/schemas/` by name.
 * `npm run schemas` writes them. Rules that span fields are not in them; `headwater feed lint` knows all.
 */
export function jsonSchemas(): Record<string, object> {
  const schema = (title: string, of: z.ZodType) => ({ title, ...z.toJSONSchema(of, { io: 'input' }) });
  return {
    'feed.schema.json': schema('Headwater appliance feed', feedSchema),
    'master.schema.json': schema('Headwater master', masterDescriptionSchema),
  };
}

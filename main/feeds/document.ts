import { z } from 'zod';
import {
  FEED_LIMITS,
  feedApplianceSchema,
  feedEnvelopeSchema,
  type FeedAppliance,
} from '../../shared/feed.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { WorkSlices } from '../../shared/work-slices.ts';

/** A feed as it was read. */
export interface Feed extends Omit<z.infer<typeof feedEnvelopeSchema>, 'appliances'> {
  readonly appliances: readonly FeedAppliance[];
  /** Entries left out because this version of Headwater cannot read them. */
  readonly unreadable: number;
}

/**
 * Reads a feed's document. Entries that are not what this version knows are left out and counted: they may be written
 * for a newer one. Fails with `malformed`, naming the first field that is wrong, or `unsupported` for another version
 * of the format.
 *
 * @param slices lets other work have its turn between entries
 */
export async function parseFeed(document: Uint8Array, slices: WorkSlices): Promise<Result<Feed>> {
  const json = parseJson(document, FEED_LIMITS.documentBytes);
  if (!json.ok) return json;
  const version = z.object({ formatVersion: z.number() }).safeParse(json.value);
  if (version.success && version.data.formatVersion !== 1) {
    return err(
      'unsupported',
      `it has version ${version.data.formatVersion} of the format; a newer Headwater may know it`,
    );
  }
  const envelope = feedEnvelopeSchema.safeParse(json.value);
  if (!envelope.success) return err('malformed', `it is not a feed: ${firstProblem(envelope.error)}`);
  const appliances: FeedAppliance[] = [];
  const ids = new Set<string>();
  for (const entry of envelope.data.appliances) {
    await slices.next();
    const parsed = feedApplianceSchema.safeParse(entry);
    if (!parsed.success) continue;
    if (ids.has(parsed.data.id)) return err('malformed', `it lists the appliance '${parsed.data.id}' twice`);
    ids.add(parsed.data.id);
    appliances.push(parsed.data);
  }
  const unreadable = envelope.data.appliances.length - appliances.length;
  return ok({ ...envelope.data, appliances, unreadable });
}

/** Reads a document that must have a form. Fails with `malformed`, naming the first field that is wrong. */
export function parseDocument<Schema extends z.ZodType>(
  document: Uint8Array,
  schema: Schema,
  what: string,
): Result<z.output<Schema>> {
  const json = parseJson(document, Infinity);
  if (!json.ok) return json;
  const parsed = schema.safeParse(json.value);
  return parsed.success
    ? ok(parsed.data)
    : err('malformed', `it is not ${what}: ${firstProblem(parsed.error)}`);
}

function parseJson(document: Uint8Array, mostBytes: number): Result<unknown> {
  if (document.length > mostBytes) return err('malformed', `it is longer than ${mostBytes} bytes`);
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(document)));
  } catch (error) {
    // SyntaxError quotes the text, TypeError tells of bytes that are no UTF-8; neither is for people.
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return err('malformed', 'it is not JSON in UTF-8');
    }
    throw error;
  }
}

/** One line for people, of an error that may name thousands of fields. */
export function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  return `${where === '' ? 'the document' : `field ${where}`}: ${issue?.message ?? 'not valid'}`;
}

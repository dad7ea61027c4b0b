import { because, err, ok, type Result } from '../../../shared/result.ts';
import type { Clock } from '../../../shared/clock.ts';
import { openChain } from './open.ts';
import type { ImageChain } from './image-chain.ts';
import { namesPublishedDisk, publishedLayer } from './published-master.ts';
import { backingNamedBy, identityOf, type ImageFormat } from './location.ts';
import { QedDevice } from '../../qed/device.ts';

/** Deeper chains are taken for a mistake. */
const MAX_LAYERS = 200;

/**
 * Follows the backing names inside images, as QEMU's tools do: for commands a person runs on own files, never for the
 * app (design §4, rule 8). A backing file is raw where the header says so, and QED otherwise: nothing else can be
 * streamed from, and contents are not probed. An address that names the disk of a published master is read as one, verified.
 *
 * Fails with `invalid-argument` on a loop or a chain of more than 200 layers, and with whatever opening one of its
 * images fails with.
 */
export async function followChain(
  location: string,
  format: ImageFormat,
  clock: Clock,
): Promise<Result<ImageChain>> {
  const layers: Omit<ImageChain, 'backing'>[] = [];
  const seen = new Set<string>();
  let next: { location: string; format: ImageFormat } | null = { location, format };
  while (next !== null) {
    const current: { location: string; format: ImageFormat } = next;
    if (seen.has(identityOf(current.location))) {
      return err('invalid-argument', `'${location}': the backing chain loops at '${current.location}'`);
    }
    if (layers.length === MAX_LAYERS) {
      return err('invalid-argument', `'${location}': the backing chain has more than ${MAX_LAYERS} layers`);
    }
    seen.add(identityOf(current.location));
    const opened = await lookAt(current, clock);
    if (!opened.ok) return layers.length === 0 ? opened : because('Could not open backing file', opened);
    layers.push(opened.value.layer);
    next = opened.value.backing;
  }
  return ok(
    layers.reduceRight<ImageChain | null>((behind, layer) => ({ ...layer, backing: behind }), null) ?? {
      location,
      format,
      backing: null,
    },
  );
}

/** What a layer is, and the backing file it names. */
async function lookAt(
  layer: { location: string; format: ImageFormat },
  clock: Clock,
): Promise<
  Result<{
    layer: Omit<ImageChain, 'backing'>;
    backing: { location: string; format: ImageFormat } | null;
  }>
> {
  if (layer.format === 'raw' && namesPublishedDisk(layer.location)) {
    // Loaded only where it is needed: the schema library would cost every command more than all else at its start.
    const { findPublished } = await import('./master-description.ts');
    const published = await findPublished(layer.location, clock);
    return published.ok ? ok({ layer: publishedLayer(published.value), backing: null }) : published;
  }
  const opened = await openChain({ ...layer, backing: null }, { clock, readOnly: true });
  if (!opened.ok) return opened;
  const reference = opened.value instanceof QedDevice ? opened.value.image.backing : null;
  await opened.value.close();
  if (reference === null) return ok({ layer, backing: null });
  const location = backingNamedBy(layer.location, reference.name);
  if (!location.ok) return location;
  return ok({ layer, backing: { location: location.value, format: reference.raw ? 'raw' : 'qed' } });
}

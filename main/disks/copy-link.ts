import type { MessagePort } from 'node:worker_threads';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Master } from '../catalog/tables/masters.ts';
import type { BackingServer } from './overlay-readers.ts';
import type { ServedLayer } from './overlay-chain.ts';

/**
 * What an open disk has of the copy it lies on: a connection to the copy's thread while the copy is being filled, and in
 * any case its staying where it is.
 */
export interface CopyLink {
  /** Undefined where the copy is complete, and read from its file. */
  readonly served: ServedLayer | undefined;
  readonly giveBack: () => void;
}

/**
 * @param copies finds the disk that is a copy
 * @param renewed told when the copy's thread has died: the layer is to be read through this port from now on
 * @returns null for a disk that lies on no copy
 */
export async function linkToCopy(
  masters: readonly Master[],
  copies: (id: string) => BackingServer | null,
  renewed: (copy: Master, port: MessagePort) => void,
): Promise<Result<CopyLink | null>> {
  const copy = masters.find(({ role }) => role === 'copy');
  if (copy === undefined) return ok(null);
  const server = copies(copy.id);
  if (server === null)
    return err('not-found', `The local copy of '${copy.name}' is not there any more`, {
      words: ['master-gone'],
    });
  if (copy.parentId === null) {
    const held = server.hold();
    return held.ok ? ok({ served: undefined, giveBack: held.value }) : held;
  }
  const reader = { renewed: (port: MessagePort) => renewed(copy, port) };
  const port = await server.serve(reader);
  if (!port.ok) return port;
  const served = { masterId: copy.id, port: port.value };
  return ok({ served, giveBack: () => void server.giveBack(reader) });
}

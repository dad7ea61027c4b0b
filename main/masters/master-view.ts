import type { MasterView } from '../../shared/ipc/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { shownLocation } from '../storage/chain/location.ts';

/** @param neededBy names of the machines that need it */
export function masterView(master: Master, neededBy: string[]): MasterView {
  const { id, name, role, source, lengthBytes, published } = master;
  const location = shownLocation(master.location);
  return { id, name, role, source, lengthBytes, location, verified: published !== null, neededBy };
}

import { go } from '../state/route.ts';
import { Cell } from '../reactive/cell.ts';

/** Whether the dialog is open that subscribes to a feed: it is asked for from several places. */
export const addingFeed = new Cell(false);

/** Opens it where feeds are. */
export function addFeed(): void {
  go({ screen: 'preferences', section: 'feeds' });
  addingFeed.value = true;
}

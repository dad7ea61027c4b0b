import { Cell } from '../../reactive/cell.ts';

/** Whether the dialog is open that subscribes to a feed: it is asked for from several places. */
export const addingFeed = new Cell(false);

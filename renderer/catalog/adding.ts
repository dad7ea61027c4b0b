import { Cell } from '../reactive/cell.ts';

/** Whether the dialog is open that takes a disk image into the catalog: it is asked for from several places. */
export const adding = new Cell(false);

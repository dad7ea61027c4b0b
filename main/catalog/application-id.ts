/** Marks a file as a catalog of Headwater ("hdwr"), so that no other program's database is taken for one. */
export const APPLICATION_ID = 0x68647772;

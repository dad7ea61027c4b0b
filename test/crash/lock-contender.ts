/** A process that locks an image when it is told to, and holds the lock until it is told to let go. */
import { lockImage } from '../../main/storage/lock/image-lock.ts';

export type LockOrder =
  { readonly order: 'lock'; readonly imagePath: string } | { readonly order: 'release' };
/** Null when the lock was taken, or given back. */
export type LockReport = { readonly failure: { readonly code: string; readonly message: string } | null };

let release: () => void = () => {};

process.on('message', (order: LockOrder) => {
  if (order.order === 'release') {
    release();
    process.send?.({ failure: null } satisfies LockReport);
    return;
  }
  const locked = lockImage(order.imagePath);
  if (locked.ok) release = locked.value;
  process.send?.({ failure: locked.ok ? null : locked.failure } satisfies LockReport);
});
process.on('disconnect', () => process.exit());

/** The Keyboard Lock API (WICG), which the declarations of the DOM do not have. It works in full screen alone. */
interface KeyboardLock {
  lock(): Promise<void>;
  unlock(): void;
}

const { keyboard } = navigator as { readonly keyboard?: KeyboardLock };

/** Keys that the system keeps for itself come to this window, where the system allows it: Alt+Tab, the Super key. */
export function lockKeyboard(locked: boolean): void {
  if (!locked) keyboard?.unlock();
  // Where it is refused, the menu of keys remains.
  else void keyboard?.lock().catch(() => undefined);
}

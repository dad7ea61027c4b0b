/** Moves the focus within a list of elements as menus and lists do. @returns whether the key was for that */
export function moveFocus(event: KeyboardEvent, elements: readonly HTMLElement[]): boolean {
  const usable = elements.filter((element) => !element.matches(':disabled'));
  const current = usable.findIndex((element) => element === document.activeElement);
  const target = targetIndex(event.key, current, usable.length) ?? byLetter(event, usable, current);
  if (target === undefined) return false;
  usable[target]?.focus();
  return true;
}

/** Where arrows, Home and End lead; undefined for other keys. */
export function targetIndex(key: string, current: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case 'ArrowDown':
      return (current + 1) % count;
    case 'ArrowUp':
      return (Math.max(current, 0) - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function byLetter(
  event: KeyboardEvent,
  elements: readonly HTMLElement[],
  current: number,
): number | undefined {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.key === ' ')
    return undefined;
  const letter = event.key.toLowerCase();
  const after = [...elements.keys()].map((index) => (current + 1 + index) % elements.length);
  return after.find((index) => elements[index]?.textContent.trim().toLowerCase().startsWith(letter));
}

/** From green over blue to violet: the hues of water. The same appliance always gets the same. */
const FIRST_HUE = 160;
const HUES = 150;

export function iconHue(id: string): number {
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return FIRST_HUE + (hash % HUES);
}

/** The first letters of the first two words. */
export function iconLetters(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 32).toUpperCase())
    .join('');
}

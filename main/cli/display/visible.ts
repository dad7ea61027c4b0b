/** Text from a file of somebody else's, for a terminal: what would move its cursor or set its title is written out. */
export function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
}

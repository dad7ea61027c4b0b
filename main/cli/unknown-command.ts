import { nearest } from './arguments/nearest.ts';

/** What somebody is told who asked for a command that is not there. @param known the commands that are */
export function unknownCommand(above: string, word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  const hint = meant === undefined ? '' : ` (did you mean '${meant}'?)`;
  return `${above}: there is no command '${word}'${hint}; '${above} help' lists them\n`;
}

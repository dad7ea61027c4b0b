/** Failures say themselves as whole sentences, or as what another sentence ends with. */
export function sentenceEnd(why: string): string {
  return /[.?!]$/.test(why) ? why : `${why}.`;
}

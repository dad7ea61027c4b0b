import type { Failure } from '../../../shared/result.ts';

/** A state that a machine cannot go on from. @param why as the end of a sentence */
export function unfitState(why: string): Failure {
  return { code: 'malformed', message: why, words: ['state-unfit'] };
}

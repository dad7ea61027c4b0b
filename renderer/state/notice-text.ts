import type { Notice, NoticeKind } from '../../shared/ipc/notices.ts';
import type { Failure } from '../../shared/result.ts';

type Say = (...facts: string[]) => string;

/** A notice in the words of the language at hand. @param explain says a failure in that language */
export function noticeText(
  { kind, facts, failure }: Notice,
  words: Readonly<Record<NoticeKind, Say>>,
  explain: (failure: Failure) => string,
): string {
  return words[kind](...facts, ...(failure === null ? [] : [explain(failure)]));
}

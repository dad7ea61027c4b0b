import type { Notice } from '../../shared/ipc/notices.ts';

type Say = (...facts: string[]) => string;

/** A notice in the words of the language at hand; in English where there are none for it. */
export function noticeText({ kind, facts, text }: Notice, words: Readonly<Record<string, Say>>): string {
  return words[kind]?.(...facts) ?? text;
}

import { describe, expect, it } from 'vitest';
import type { DiskView } from '../../shared/ipc/machines.ts';
import { concerns } from './all-streams.ts';

const meant = (command: Parameters<typeof concerns>[1]) =>
  (
    [
      ['streaming', null],
      ['waiting-for-source', null],
      ['not-started', 'turn'],
      ['paused', 'metered'],
      ['paused', null],
      ['not-started', null],
      ['complete', null],
      ['failed', null],
    ] as const
  )
    .filter(([state, heldBy]) => concerns({ state, heldBy } as DiskView, command))
    .map(([state, heldBy]) => heldBy ?? state);

describe('a command to all streams', () => {
  it('pauses what streams, and what would like to', () =>
    expect(meant('pause')).toEqual(['streaming', 'waiting-for-source', 'turn', 'metered']));

  it('resumes what was paused', () => expect(meant('resume')).toEqual(['paused']));

  it('lets go what a metered line holds back', () => expect(meant('resume-anyway')).toEqual(['metered']));
});

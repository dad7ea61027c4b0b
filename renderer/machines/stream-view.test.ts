import { describe, expect, it } from 'vitest';
import { streamCommandSchema, streamStateSchema } from '../../shared/ipc/machines.ts';
import { MIB } from '../../shared/units.ts';
import { aDisk } from '../testing/samples.ts';
import { bootMilestone, localShare, shownState, streamCommands } from './stream-view.ts';

describe('a disk as it is shown', () => {
  it('offers a way on in every state but the last', () => {
    for (const state of streamStateSchema.options) {
      const commands = streamCommands(aDisk({ state }));
      expect(commands.length === 0).toBe(state === 'complete');
      for (const command of commands) expect(streamCommandSchema.options).toContain(command);
    }
  });

  it('is just linked while a linked disk does not stream', () => {
    expect(shownState({ kind: 'linked', state: 'not-started' })).toBe('linked');
    expect(shownState({ kind: 'linked', state: 'streaming' })).toBe('streaming');
  });

  it('knows its share, unless nobody has counted', () => {
    expect(localShare(aDisk({ localBytes: 64 * MIB }))).toBe(0.25);
    expect(localShare(aDisk({ localBytes: null }))).toBeNull();
    expect(localShare(aDisk({ localBytes: null, state: 'complete' }))).toBe(1);
  });

  it('reaches the boot milestone when as much is here as a start reads', () => {
    const milestone = (localBytes: number) => bootMilestone(aDisk({ localBytes }), 16 * MIB);
    expect(milestone(4 * MIB)).toEqual({ at: 1 / 16, missingBytes: 12 * MIB });
    expect(milestone(20 * MIB)?.missingBytes).toBe(0);
    expect(bootMilestone(aDisk(), null)).toBeUndefined();
  });
});

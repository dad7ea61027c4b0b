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
    expect(shownState({ kind: 'linked', state: 'not-started', heldBy: null })).toBe('linked');
    expect(shownState({ kind: 'linked', state: 'streaming', heldBy: null })).toBe('streaming');
  });

  it('says what holds it up, and offers the way round that', () => {
    const queued = aDisk({ state: 'paused', heldBy: 'turn' });
    const metered = aDisk({ state: 'paused', heldBy: 'metered' });
    const occupied = aDisk({ state: 'paused', heldBy: 'work' });
    expect([queued, metered, occupied].map(shownState)).toEqual(['queued', 'metered', 'occupied']);
    expect(streamCommands(queued)[0]).toBe('complete-now');
    expect(streamCommands(metered)[0]).toBe('resume-anyway');
  });

  it('can be hurried once', () => {
    expect(streamCommands(aDisk())).toContain('complete-now');
    expect(streamCommands(aDisk({ priority: 'high', limit: 0 }))).not.toContain('complete-now');
    expect(streamCommands(aDisk({ kind: 'linked', state: 'not-started' }))).toEqual(['complete-now']);
  });

  it('knows its share, unless nobody has counted', () => {
    expect(localShare(aDisk({ localBytes: 64 * MIB }))).toBe(0.25);
    expect(localShare(aDisk({ localBytes: null }))).toBeNull();
    expect(localShare(aDisk({ localBytes: null, state: 'complete' }))).toBe(1);
  });

  it('is all here where it is linked, or as far as the local copy below it', () => {
    const linked = aDisk({ kind: 'linked', state: 'not-started', localBytes: 0 });
    expect(localShare(linked)).toBe(1);
    expect(localShare(linked, aDisk({ localBytes: 64 * MIB }))).toBe(0.25);
    expect(localShare(linked, aDisk({ state: 'complete' }))).toBe(1);
    expect(localShare({ ...linked, state: 'streaming' })).toBe(0);
  });

  it('has the boot milestone at the beginning of its way, once it is known what a start reads', () => {
    const milestone = (missingBytes: number | null) =>
      bootMilestone(aDisk({ boot: { bytes: 16 * MIB, missingBytes } }));
    expect(milestone(12 * MIB)).toEqual({ at: 1 / 16, missingBytes: 12 * MIB });
    expect(milestone(0)?.missingBytes).toBe(0);
    expect(milestone(null)).toBeUndefined();
    expect(bootMilestone(aDisk({ boot: null }))).toBeUndefined();
  });
});

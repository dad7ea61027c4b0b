import { describe, expect, it } from 'vitest';
import { DONE, err, type Result } from '../../../shared/result.ts';
import { FakeMachine } from '../../../test/support/fake-machine.ts';
import { RunningMachine } from './running-machine.ts';

/** Its disk takes no last flush, so that only a kill ends it. */
class UnflushableMachine extends FakeMachine {
  override readonly stop = async (): Promise<Result<void>> => {
    this.commands.push('stop');
    return err('no-space', 'The disk is full');
  };
  override readonly kill = async (): Promise<Result<void>> => {
    this.commands.push('kill');
    this.enter({ kind: 'stopped', why: 'killed' });
    return DONE;
  };
}

describe('the end of a machine that is on', () => {
  it('comes by a kill when the stop that was under way went back to paused, and tells why', async () => {
    const machine = new UnflushableMachine();
    const running = new RunningMachine(
      machine,
      () => undefined,
      () => 0,
    );
    machine.enter({ kind: 'stopping' });
    const ended = running.end();
    machine.enter({ kind: 'paused', by: 'user' });
    expect(await ended).toMatchObject({ failure: { code: 'no-space' } });
    expect(machine.commands).toEqual(['stop', 'kill']);
    expect(await running.over).toBeNull();
  });

  it('asks nothing of a machine whose stop under way succeeds', async () => {
    const machine = new UnflushableMachine();
    const running = new RunningMachine(
      machine,
      () => undefined,
      () => 0,
    );
    machine.enter({ kind: 'stopping' });
    const ended = running.end();
    machine.enter({ kind: 'stopped', why: 'guest-halted' });
    expect(await ended).toEqual(DONE);
    expect(machine.commands).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { BusyPoll } from './busy-poll.ts';

const SOON_MS = 0.03;
const LATE_MS = 5;

describe('A thread that serves an NBD client', () => {
  let clock: SimulatedClock;
  let poll: BusyPoll;
  /** What is to run in the next turn of the event loop. */
  let turns: (() => void)[];
  let othersWork: boolean;

  beforeEach(() => {
    clock = new SimulatedClock();
    turns = [];
    othersWork = false;
    poll = new BusyPoll({ clock, othersWork: () => othersWork, nextTurn: (turn) => turns.push(turn) });
  });

  /** Runs a turn of the event loop. @returns whether the thread stays awake for another one */
  function turn(): boolean {
    for (const run of turns.splice(0)) run();
    return turns.length > 0;
  }

  /** A client that asks again so long after each answer. */
  async function ask(times: number, gapMs: number): Promise<void> {
    for (let request = 0; request < times; request++) {
      poll.idle();
      await clock.advance(gapMs);
      poll.came();
      turn();
    }
  }

  it('sleeps between requests until it knows that they come soon', async () => {
    poll.idle();
    expect(turn()).toBe(false);
    await ask(20, LATE_MS);
    poll.idle();
    expect(turn()).toBe(false);
  });

  it('stays awake for the next request of a client that asks soon', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    expect([turn(), turn(), turn()]).toEqual([true, true, true]);
  });

  it('sleeps when that request does not come', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    expect(turn()).toBe(true);
    await clock.advance(LATE_MS);
    expect(turn()).toBe(false);
  });

  it('sleeps while a request is under way, however long that takes', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    poll.came();
    expect(turn()).toBe(false);
  });

  it('waits in one place, however often it is told that all is answered', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    poll.idle();
    expect(turns).toHaveLength(1);
  });

  it('gives it up for a client that has become slow, and takes it up again for one that is quick again', async () => {
    await ask(20, SOON_MS);
    await ask(20, LATE_MS);
    poll.idle();
    expect(turn()).toBe(false);
    await ask(20, SOON_MS);
    poll.idle();
    expect(turn()).toBe(true);
  });

  it('leaves the processor to other threads of ours that work', async () => {
    await ask(20, SOON_MS);
    othersWork = true;
    poll.idle();
    expect(turn()).toBe(false);
    poll.came();
    othersWork = false;
    poll.idle();
    expect(turn()).toBe(true);
    othersWork = true;
    expect(turn()).toBe(false);
  });

  it('sleeps at once for a while when a request comes only as it falls asleep: it was in the way', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    await clock.advance(0.2);
    expect(turn()).toBe(false);
    await clock.advance(SOON_MS);
    poll.came();
    await ask(5, SOON_MS);
    poll.idle();
    expect(turn()).toBe(false);
    await clock.advance(LATE_MS);
    await ask(10, SOON_MS);
    poll.idle();
    expect(turn()).toBe(true);
  });

  it('was in nobody’s way when the next request takes its time', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    await clock.advance(0.2);
    expect(turn()).toBe(false);
    await clock.advance(LATE_MS);
    poll.came();
    poll.idle();
    expect(turn()).toBe(true);
  });

  it('ends with the connection', async () => {
    await ask(20, SOON_MS);
    poll.idle();
    poll.stop();
    expect(turn()).toBe(false);
  });
});

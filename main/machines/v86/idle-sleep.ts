/**
 * Lets the thread sleep while the guest's processor is halted.
 *
 * A halted processor waits for the guest's next timer. Where that is less than a millisecond away, which is the end of
 * every wait, v86 asks in a loop whether it is due yet: in Node that took most of what an idle guest cost. Here it
 * sleeps for a whole millisecond instead, once the guest has done little but wait for a while: a guest that boots
 * waits often and briefly, and is to go on at once. The timer's interrupt then comes up to a millisecond late, which a
 * guest cannot tell from a computer that is busy; the next ones are due when they always were. Interrupts of the disk,
 * the keyboard and serial lines end the wait as before.
 *
 * Like `guest-flush.ts` this wraps a method of v86 that is no public interface; where a build lacks it nothing is done.
 */
import { isRecord } from './ide-interface.ts';

/** The shortest time a timer of Node sleeps. */
const SHORTEST_MS = 1;
/**
 * What is counted for a wait for a timer, and for a turn of work. An idle Linux works once or twice around each of its
 * ticks, one that boots hardly ever waits for a timer.
 */
const PER_WAIT = 2;
const PER_WORK = -1;
/** From here on a guest is idle: after less than a second of nothing but ticks. No more than twice as much is counted. */
const IDLE = 200;

/**
 * @param emulator the V86 object, before it runs
 * @returns false when this build of v86 is not as expected
 */
export function sleepWhenIdle(emulator: unknown): boolean {
  const loop = isRecord(emulator) ? emulator['v86'] : null;
  if (!isRecord(loop)) return false;
  const wait = loop['yield'];
  if (typeof wait !== 'function') return false;
  let counted = 0;
  const count = (points: number) => (counted = Math.min(Math.max(0, counted + points), 2 * IDLE));
  loop['yield'] = (delayMs: number, tick: number): void => {
    // 0 while the processor is not halted: it goes on when messages have had their turn.
    if (delayMs <= 0) count(PER_WORK);
    else if (delayMs >= SHORTEST_MS) count(PER_WAIT);
    wait.call(loop, delayMs > 0 && counted >= IDLE ? Math.max(delayMs, SHORTEST_MS) : delayMs, tick);
  };
  return true;
}

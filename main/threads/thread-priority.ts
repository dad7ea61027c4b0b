import os from 'node:os';

/** A third of the weight of an ordinary thread: enough that those are run first, and work goes on when they are busy. */
const STEPS_BACK = 5;

/**
 * Lets other threads of the machine go first from now on. Only on Linux, where a thread has a priority of its own;
 * elsewhere this would hold back the whole process.
 */
export function standBack(): void {
  if (process.platform !== 'linux') return;
  os.setPriority(Math.min(os.getPriority() + STEPS_BACK, os.constants.priority.PRIORITY_LOW));
}

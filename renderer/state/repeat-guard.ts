/**
 * Runs a task now, or once more after the run under way: however often it is asked for meanwhile, one repetition
 * answers all. Runs that follow each other start at least `spacingMs` apart.
 */
export function repeatGuard(
  task: () => Promise<void>,
  spacingMs: number,
  wait: (delayMs: number) => Promise<void> = (delayMs) =>
    new Promise((resolve) => setTimeout(resolve, delayMs)),
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const asked = { again: false };
  const runAll = async () => {
    do {
      asked.again = false;
      await task();
      if (asked.again) await wait(spacingMs);
    } while (asked.again);
    running = undefined;
  };
  return () => {
    asked.again = true;
    return (running ??= runAll());
  };
}

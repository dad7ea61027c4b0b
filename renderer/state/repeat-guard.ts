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
  let asked = 0;
  const runAll = async () => {
    for (let answered = -1; answered < asked;) {
      if (answered >= 0) await wait(spacingMs);
      answered = asked;
      await task();
    }
    running = undefined;
  };
  return () => {
    asked += 1;
    return (running ??= runAll());
  };
}

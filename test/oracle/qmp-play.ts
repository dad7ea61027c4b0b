/** Plays requests to a monitor, and takes down what it answers and tells. */
import type { QmpLine } from '../support/qmp-client.ts';
import { normalised, type Twin } from './qmp-twins.ts';

export type Step =
  /** A request. */
  | readonly [execute: string, given?: object]
  /** Wait until a job has been in this state, so many times; once unless given. */
  | { readonly job: string; readonly reaches: string; readonly times?: number }
  /** Whether reading the base fails from now on. */
  | { readonly base: 'fails' | 'works' };

/** Everything that is said meanwhile: answers by their requests, events in their order. */
export async function play({ client, ...twin }: Twin, steps: readonly Step[]) {
  const answers: unknown[] = [];
  for (const step of steps) {
    if ('job' in step) {
      const since = lastStart(client.lines, step.job);
      const { times = 1 } = step;
      await client.until(
        () => client.lines.slice(since).filter((line) => isStatus(line, step)).length >= times,
      );
      continue;
    }
    if ('base' in step) {
      twin.baseFails(step.base === 'fails');
      continue;
    }
    const [execute, given] = step;
    answers.push([execute, given, settled(normalised(await client.ask(execute, given), twin))]);
  }
  return { answers, events: client.events.map((event) => settled(normalised(event, twin))) };
}

function lastStart(lines: readonly QmpLine[], job: string): number {
  return Math.max(
    0,
    lines.findLastIndex((line) => isStatus(line, { job, reaches: 'created' })),
  );
}

function isStatus(line: QmpLine, { job, reaches }: { job: string; reaches: string }): boolean {
  return JSON.stringify(line['data']) === JSON.stringify({ status: reaches, id: job });
}

/** How far a job with a limit got is a matter of the steps it takes: QEMU's are of 512 KiB. */
function settled(line: unknown): unknown {
  const text = JSON.stringify(line);
  if (!/"(offset|current-progress)":/.test(text) || /"speed":0|concluded|pending/.test(text)) return line;
  return JSON.parse(text.replace(/"(offset|current-progress)":\d+/g, '"$1":"…"'));
}

import { failureText } from '../../shared/failure-text.ts';
import { within, type Clock } from '../../shared/clock.ts';
import type { Words } from './language.ts';
import type { NotSaved } from '../machines/service/power.ts';
import type { AppServices } from './services.ts';

/** A question with buttons; the last one is what closing the question means. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

export interface QuitParts {
  readonly services: Pick<AppServices, 'machinesRunning' | 'saveMachines'>;
  readonly clock: Clock;
  readonly words: () => Words;
  /** Answers with the number of the button. */
  readonly ask: (question: Question) => Promise<number>;
  /** Shows the machines, and how far the saving of each is. */
  readonly showProgress: () => void;
}

/** Saving takes a second or two; after this long the user is asked whether to wait on. */
const PATIENCE_MS = 30_000;

/** Settles what becomes of the machines that are on. Answers whether the app may end now, powering off what is still on. */
export async function mayQuit(parts: QuitParts): Promise<boolean> {
  const machines = parts.services.machinesRunning();
  if (machines === 0) return true;
  const words = parts.words();
  const answer = await parts.ask({
    message: words.quitQuestion(machines),
    detail: words.quitDetail,
    buttons: [words.saveAndQuit, words.powerOffAndQuit, words.cancel],
  });
  if (answer !== 0) return answer === 1;
  parts.showProgress();
  return saved(parts, parts.services.saveMachines());
}

async function saved(parts: QuitParts, saving: Promise<readonly NotSaved[]>): Promise<boolean> {
  const words = parts.words();
  const outcome = await within(parts.clock, PATIENCE_MS, saving);
  if (outcome === null) {
    const answer = await parts.ask({
      message: words.savingTakesLong,
      detail: words.savingTakesLongDetail,
      buttons: [words.keepWaiting, words.powerOffAndQuit, words.cancel],
    });
    return answer === 0 ? saved(parts, saving) : answer === 1;
  }
  if (outcome.length === 0) return true;
  const answer = await parts.ask({
    message: words.notSaved(outcome.map(({ name }) => name)),
    detail: outcome.map(({ name, failure }) => `${name}: ${failureText(failure, words.language)}`).join('\n'),
    buttons: [words.powerOffAndQuit, words.cancel],
  });
  return answer === 0;
}

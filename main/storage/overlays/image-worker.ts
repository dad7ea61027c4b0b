/** Entry of an image worker: a thread for work on images that is long or reads much. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { answerCalls } from '../../threads/answer-calls.ts';
import { checkImage } from './check-image.ts';
import { mapImage } from './cluster-map.ts';
import { exportImage } from './export-image.ts';
import type { ImageTaskTypes } from './image-tasks.ts';
import { inspectImage } from './inspect-image.ts';
import { surveyImage } from './survey.ts';

const PROGRESS_STEP_MS = 250;

/** Progress worth a message: a few times a second. */
function paced(progress: (fraction: number) => void): (fraction: number) => void {
  let lastMs = -Infinity;
  return (fraction) => {
    const nowMs = systemClock.now();
    if (nowMs - lastMs < PROGRESS_STEP_MS) return;
    lastMs = nowMs;
    progress(fraction);
  };
}

if (parentPort !== null) {
  answerCalls<ImageTaskTypes>(parentPort, () => ({
    survey: ({ path, sourceBytes, boot }) => surveyImage(path, sourceBytes, boot),
    map: ({ path, cells, sourceBytes }) => mapImage(path, cells, sourceBytes),
    inspect: ({ path, format }) => inspectImage(path, format),
    check: ({ path, repair }) => checkImage(path, repair),
    export: (request, { signal, progress }) =>
      exportImage(request, { clock: systemClock, signal, progress: paced(progress) }),
  }));
}

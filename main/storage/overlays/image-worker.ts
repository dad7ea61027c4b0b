/** Entry of an image worker: a thread for work on images that is long or reads much. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { ok } from '../../../shared/result.ts';
import { answerCalls } from '../../threads/answer-calls.ts';
import { paced } from '../../threads/paced.ts';
import { fetchBootProfile } from '../chain/published-boot.ts';
import { checkImage } from './check-image.ts';
import { mapImage } from './cluster-map.ts';
import { exportImage } from './export-image.ts';
import { fetchImage } from '../download/fetch-image.ts';
import { fetchState } from '../saved-state/fetch-state.ts';
import { TokenBucket } from '../../streaming/limits/token-bucket.ts';
import type { ImageTaskTypes } from './image-tasks.ts';
import { inspectImage } from './inspect-image.ts';
import { surveyImage } from './survey.ts';

if (parentPort !== null) {
  answerCalls<ImageTaskTypes>(parentPort, () => ({
    survey: async ({ path, sourceBytes, boot }) => {
      const startedMs = systemClock.now();
      const survey = await surveyImage(path, sourceBytes, boot);
      return survey.ok ? ok({ ...survey.value, tookMs: systemClock.now() - startedMs }) : survey;
    },
    map: ({ path, cells, sourceBytes }) => mapImage(path, cells, sourceBytes),
    inspect: ({ path, format }) => inspectImage(path, format),
    check: ({ path, repair }) => checkImage(path, repair),
    bootProfile: (published) => fetchBootProfile(published, systemClock),
    export: (request, { signal, progress }) =>
      exportImage(request, { clock: systemClock, signal, progress: paced(systemClock, progress) }),
    fetchState: ({ published, file, globalLimit, connections }, { signal, progress }) =>
      fetchState(published, file, {
        clock: systemClock,
        limit: new TokenBucket(systemClock, undefined, globalLimit),
        connections,
        signal,
        progress: paced(systemClock, progress),
      }),
    fetchImage: ({ image, file, globalLimit, connections }, { signal, progress }) =>
      fetchImage(image, file, {
        clock: systemClock,
        limit: new TokenBucket(systemClock, undefined, globalLimit),
        connections,
        signal,
        progress: paced(systemClock, progress),
      }),
  }));
}

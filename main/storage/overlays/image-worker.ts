/** Entry of an image worker: a thread for work on images that is long or reads much. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { assertNever, type Result } from '../../../shared/result.ts';
import { checkImage } from './check-image.ts';
import { mapImage } from './cluster-map.ts';
import { exportImage, type TaskContext } from './export-image.ts';
import type { ImageMessage, ImageRequest } from './image-tasks.ts';
import { inspectImage } from './inspect-image.ts';
import { surveyImage } from './survey.ts';

type TaskRequest = Extract<ImageRequest, { kind: 'task' }>;

const PROGRESS_STEP_MS = 250;

function serve(port: MessagePort): void {
  const running = new Map<number, AbortController>();
  const send = (message: ImageMessage) => port.postMessage(message);
  const run = async (request: TaskRequest) => {
    const abort = new AbortController();
    running.set(request.id, abort);
    const context = { clock: systemClock, signal: abort.signal, progress: paced(request.id, send) };
    const result = await perform(request, context);
    running.delete(request.id);
    send({ kind: 'answer', id: request.id, result });
  };
  port.on('message', (request: ImageRequest) => {
    if (request.kind === 'cancel') running.get(request.id)?.abort();
    else void run(request);
  });
}

function perform(request: TaskRequest, context: TaskContext): Promise<Result<unknown>> {
  switch (request.task) {
    case 'survey':
      return surveyImage(request.argument.path, request.argument.sourceBytes);
    case 'map':
      return mapImage(request.argument.path, request.argument.cells, request.argument.sourceBytes);
    case 'inspect':
      return inspectImage(request.argument.path, request.argument.format);
    case 'check':
      return checkImage(request.argument.path, request.argument.repair);
    case 'export':
      return exportImage(request.argument, context);
    default:
      return assertNever(request);
  }
}

/** Progress worth a message: a few times a second. */
function paced(id: number, send: (message: ImageMessage) => void): (fraction: number) => void {
  let lastMs = -Infinity;
  return (fraction) => {
    const nowMs = systemClock.now();
    if (nowMs - lastMs < PROGRESS_STEP_MS) return;
    lastMs = nowMs;
    send({ kind: 'progress', id, fraction });
  };
}

if (parentPort !== null) serve(parentPort);

/** Entry of the thread that publishes and verifies masters: hashing takes long, and reads all there is. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { answerCalls, type CallContext } from '../../threads/answer-calls.ts';
import { paced } from '../../threads/paced.ts';
import type { MasterTaskTypes } from './master-tasks.ts';
import { publishBoot } from './publish-boot.ts';
import { publishState } from './publish-state.ts';
import { publishMaster } from './publish-master.ts';
import { verifyMaster } from './verify-master.ts';

const context = ({ signal, progress }: CallContext) => ({
  clock: systemClock,
  signal,
  progress: paced(systemClock, progress),
});

if (parentPort !== null) {
  answerCalls<MasterTaskTypes>(parentPort, () => ({
    publish: (request, call) => publishMaster(request, context(call)),
    publishBoot: (request, call) => publishBoot(request, context(call)),
    publishState: (request, call) => publishState(request, context(call)),
    verify: (request, call) => verifyMaster(request, context(call)),
  }));
}

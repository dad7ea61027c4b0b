import type { Result } from '../../../shared/result.ts';
import { CallingThread } from '../../threads/calling-thread.ts';
import { workerScript } from '../../threads/worker-script.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import type { PublishBootRequest } from './publish-boot.ts';
import type { PublishStateRequest } from './publish-state.ts';
import type { PublishedFolder, PublishRequest } from './publish-master.ts';
import type { VerifyReport, VerifyRequest } from './verify-master.ts';

/** Long work on masters, done in a thread of its own. */
export interface MasterTaskTypes {
  publish: { argument: PublishRequest; answer: PublishedFolder };
  publishBoot: { argument: PublishBootRequest; answer: MasterDescription };
  publishState: { argument: PublishStateRequest; answer: MasterDescription };
  verify: { argument: VerifyRequest; answer: VerifyReport };
}

export interface TaskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Runs one task in a thread, which ends with it. */
export async function runMasterTask<Name extends keyof MasterTaskTypes>(
  name: Name,
  argument: MasterTaskTypes[Name]['argument'],
  options: TaskOptions = {},
): Promise<Result<MasterTaskTypes[Name]['answer']>> {
  const thread = new CallingThread<MasterTaskTypes>({
    script: workerScript('main/masters/publish/master-worker'),
    what: 'The thread that works on the master',
  });
  try {
    return await thread.call(name, argument, options);
  } finally {
    await thread.end();
  }
}

// For tests that run what users run: the built worker threads and the built command, as the sources are now.
import { buildStep } from '../../scripts/setup/steps/build.mjs';

export default async function buildFirst() {
  if (!buildStep.isDone()) await buildStep.run({ detail: () => undefined });
}

// For tests that run what users run: the built worker threads and the built command, as the sources are now.
import { buildStep } from '../../scripts/setup/steps/build.mjs';

export default async function buildFirst() {
  if (buildStep.isDone()) return;
  try {
    await buildStep.run({ detail: () => undefined });
  } catch (error) {
    // Half of the project may be under construction while somebody tests the other half.
    console.warn(`The sources do not build; the last build is tested instead.\n${error.message}`);
  }
}

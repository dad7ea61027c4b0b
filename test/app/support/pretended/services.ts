import type { OpenServices, ServiceGroups } from '../../../../main/app/services.ts';
import { forgetfulWindowStates } from '../../../../main/app/windows/window-state.ts';
import { pretendedBridge } from './bridge.ts';
import { scenarioNamed } from './scenarios.ts';
import type { Bridge } from '../../../../shared/ipc/bridge.ts';
import type { Push } from '../../../../shared/ipc/channel.ts';
import { PUSHES, REQUESTS, type PushName, type PushPayload } from '../../../../shared/ipc/contract.ts';
import { DONE, ok } from '../../../../shared/result.ts';
import { pretendedConsoles } from './consoles.ts';

/** A back end that is made up: the scenario named by `HEADWATER_SCENARIO`, and consoles that show a test card. */
export const openPretended: OpenServices = async ({ publish }) => {
  const scenario = scenarioNamed(process.env['HEADWATER_SCENARIO'] ?? 'usual');
  const bridge = pretendedBridge(scenario);
  for (const name of Object.keys(PUSHES) as PushName[]) {
    bridge.on(name, (message) => publish(name, (message as Push<PushPayload<typeof name>>).payload));
  }
  return ok({
    ...servicesOver(bridge),
    consoles: pretendedConsoles(scenario.machines.map(({ id }) => id)),
    refuseTarget: async () => DONE,
    windowStates: forgetfulWindowStates(),
    machinesRunning: () => 0,
    streamsRunning: () => 0,
    saveMachines: async () => [],
    close: async () => undefined,
  });
};

/** A service for every group of the contract, which asks the bridge. */
function servicesOver(bridge: Bridge): ServiceGroups {
  const groups: Record<string, Record<string, (input: unknown) => Promise<unknown>>> = {};
  for (const name of Object.keys(REQUESTS)) {
    const [group = '', method = ''] = name.split('.');
    groups[group] ??= {};
    groups[group][method] = (input: unknown) => bridge.request(name, input ?? null);
  }
  return groups as unknown as ServiceGroups;
}

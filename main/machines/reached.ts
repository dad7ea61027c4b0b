import type { Machine, MachineState } from './machine.ts';

/** Resolves when a machine enters a state that `wanted` accepts; at once when it is in one. */
export function reached(
  machine: Pick<Machine, 'state' | 'on'>,
  wanted: (state: MachineState) => boolean,
): Promise<MachineState> {
  return new Promise((resolve) => {
    const look = () => {
      const { state } = machine;
      if (!wanted(state)) return;
      stop();
      resolve(state);
    };
    const stop = machine.on('state', look);
    look();
  });
}

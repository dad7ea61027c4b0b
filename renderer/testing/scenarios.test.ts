import { describe, expect, it } from 'vitest';
import { REQUESTS } from '../../shared/ipc/contract.ts';
import { scenarioNamed } from './scenarios.ts';

describe('scenarios', () => {
  it('hold nothing that the main process could not send', () => {
    for (const name of ['usual', 'many', 'empty', 'broken']) {
      const { appliances, machines, disks, masters, preferences } = scenarioNamed(name, {});
      const answers = {
        'catalog.list': appliances,
        'machines.list': machines,
        'disks.list': disks,
        'masters.list': masters,
        'preferences.get': preferences,
      } as const;
      for (const [request, answer] of Object.entries(answers)) {
        expect(REQUESTS[request as keyof typeof answers].answer.parse(answer), `${name}: ${request}`).toEqual(
          answer,
        );
      }
    }
  });
});

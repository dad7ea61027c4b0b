import { describe, expect, it } from 'vitest';
import { CATALOG_PAGE } from '../../shared/ipc/catalog.ts';
import { REQUESTS } from '../../shared/ipc/contract.ts';
import { scenarioNamed } from './scenarios.ts';

describe('scenarios', () => {
  it('hold nothing that the main process could not send', () => {
    for (const name of ['usual', 'many', 'empty', 'broken']) {
      const { appliances, machines, disks, masters, preferences } = scenarioNamed(name, {});
      const answers = {
        'catalog.list': {
          listing: 1,
          total: appliances.length,
          appliances: appliances.slice(0, CATALOG_PAGE),
        },
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

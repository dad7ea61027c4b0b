import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Catalog } from '../catalog/catalog.ts';
import { Journal, type Telling } from './journal.ts';

const FAILURE = { code: 'io', message: 'it is empty', words: ['file-empty', 'a.raw'] } as const;
const TOLD: Telling = { level: 'error', kind: 'import-failed', facts: ['A'], subject: 'a', text: 'A failed' };

function setUp() {
  const file = path.join(tempFolder(), 'catalog.db');
  let nowMs = 0;
  const open = () => {
    const catalog = unwrap(Catalog.open(file, { nowMs: () => nowMs }));
    const parts = { catalog, nowMs: () => (nowMs += 1000), notice: () => undefined, warn: () => undefined };
    return { catalog, journal: new Journal(parts) };
  };
  return open;
}

describe('the journal', () => {
  it('tells again what the user was told, the newest first, over restarts', async () => {
    const open = setUp();
    const before = open();
    before.journal.note({ level: 'info', kind: 'machine-created', subject: 'm', text: 'for the record' });
    before.journal.tell({ ...TOLD, failure: FAILURE });
    before.journal.tell({ ...TOLD, level: 'info', kind: 'imported' });
    unwrap(before.catalog.close());
    const { catalog, journal } = open();
    expect(unwrap(await journal.list())).toEqual([
      { ...TOLD, level: 'info', kind: 'imported', failure: null, atMs: 3000 },
      { ...TOLD, failure: FAILURE, atMs: 2000 },
    ]);
    unwrap(catalog.close());
  });

  it('leaves out what another version told', async () => {
    const { catalog, journal } = setUp()();
    const told = { facts: [], failure: null };
    const other = { level: 'info', kind: 'of-tomorrow', subject: null, text: 'told', atMs: 1, told } as const;
    unwrap(catalog.change(({ events }) => events.add(other)));
    journal.tell(TOLD);
    expect(unwrap(await journal.list())).toMatchObject([{ kind: 'import-failed' }]);
    unwrap(catalog.close());
  });
});

import { describe, expect, it } from 'vitest';
import { aDisk, aMachine } from '../testing/samples.ts';
import { filteredRows, overlayRows, rowName } from './overlay-rows.ts';

const machine = aMachine({ id: 'm', name: 'Build server' });
const rows = overlayRows(
  [
    aDisk({ id: 'a', machineId: 'm', state: 'complete', masterName: null, masterId: null }),
    aDisk({ id: 'b', machineId: null, path: '/disks/left-over.qed', state: 'failed' }),
    aDisk({ id: 'c', machineId: 'm', kind: 'linked', state: 'not-started', masterName: 'Debian' }),
  ],
  (id) => (id === 'm' ? machine : undefined),
);
const ids = (text: string, state: Parameters<typeof filteredRows>[2] = '') =>
  filteredRows(rows, text, state).map(({ id }) => id);

describe('the rows of the table of overlays', () => {
  it('are found by machine, master or file', () => {
    expect(ids('BUILD')).toEqual(['a', 'c']);
    expect(ids('debian')).toEqual(['c']);
    expect(ids('left-over')).toEqual(['b']);
  });

  it('are filtered by state', () => {
    expect(ids('', 'complete')).toEqual(['a']);
    expect(ids('', 'linked')).toEqual(['c']);
  });

  it('are called by their machine, or by their file', () =>
    expect(rows.map(rowName)).toEqual(['Build server', 'left-over.qed', 'Build server']));
});

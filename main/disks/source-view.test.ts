import { describe, expect, it } from 'vitest';
import { diskSourceSchema } from '../../shared/ipc/disk-sources.ts';
import { err } from '../../shared/result.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { MirrorRecord, MirrorRecords, mergeReports } from '../block/verified/mirror-record.ts';
import { sourceView } from './source-view.ts';

const gone = err('source-unreachable', 'gone').failure;

function newSource() {
  const clock = new SimulatedClock();
  const record = new MirrorRecord('https://a.example/m/', clock, () => 0.5);
  const view = () => diskSourceSchema.parse(sourceView(record.report(), clock.now()));
  return { clock, record, view };
}

describe('a source of a master as it is shown', () => {
  it('is untried, asked, and known by what it did', () => {
    const { record, view } = newSource();
    expect(view()).toMatchObject({ state: 'untried', asked: false, failingForSeconds: null });
    record.asked();
    expect(view()).toMatchObject({ state: 'untried', asked: true });
    record.health.note({ requestedBytes: 65536, timeToFirstByteMs: 20.4, totalMs: 120.4 });
    record.served(65536);
    expect(view()).toMatchObject({
      state: 'answers',
      firstByteMs: 20,
      bytesPerSecond: 655360,
      broughtBytes: 65536,
    });
  });

  it('is no longer called asked a second after its last request', async () => {
    const { clock, record, view } = newSource();
    record.asked();
    record.served(1);
    await clock.advance(999);
    expect(view().asked).toBe(true);
    await clock.advance(1);
    expect(view().asked).toBe(false);
  });

  it.each([
    ['failed', gone, 'unreachable'],
    ['failed', err('io', 'reset').failure, 'unreachable'],
    ['failed', err('source-refused', 'no such file').failure, 'refuses'],
    ['failed', err('source-changed', 'another length').failure, 'refuses'],
    ['late', gone, 'slow'],
    ['wrong-bytes', err('source-changed', 'wrong SHA-256').failure, 'wrong-bytes'],
  ] as const)('that %s with %j is %s', (kind, failure, state) => {
    const { record, view } = newSource();
    record.asked();
    record.failed({ kind, failure });
    expect(view()).toMatchObject({ state, failure, wrongAnswers: kind === 'wrong-bytes' ? 1 : 0 });
  });

  it('fails since the first of the failures that nothing right has followed', async () => {
    const { clock, record, view } = newSource();
    for (let round = 0; round < 3; round++) {
      record.asked();
      record.failed({ kind: 'failed', failure: gone });
      await clock.advance(2500);
    }
    expect(view().failingForSeconds).toBe(7);
    record.asked();
    record.served(1);
    expect(view()).toMatchObject({ state: 'answers', failingForSeconds: null, failure: null });
  });

  it('keeps the number of its lies when it is right again, and what was right beside them', () => {
    const { record, view } = newSource();
    record.asked();
    record.failed({ kind: 'wrong-bytes', failure: gone }, 1000);
    record.asked();
    record.served(24);
    expect(view()).toMatchObject({ state: 'answers', wrongAnswers: 1, broughtBytes: 1024 });
  });
});

describe('what several threads know of the same sources', () => {
  it('is added up, and what was seen last counts', async () => {
    const clock = new SimulatedClock();
    const [guest, copier] = [new MirrorRecords(clock, () => 0.5), new MirrorRecords(clock, () => 0.5)];
    guest.of('a/').asked();
    guest.of('a/').served(100);
    guest.of('b/');
    await clock.advance(10);
    const laterMs = clock.now();
    copier.of('a/').asked();
    copier.of('a/').failed({ kind: 'wrong-bytes', failure: gone }, 20);
    copier.of('b/').asked();
    copier.of('b/').served(3);
    const merged = mergeReports([...guest.reports(), ...copier.reports()]);
    expect(merged).toMatchObject([
      {
        name: 'a/',
        broughtBytes: 120,
        wrongAnswers: 1,
        fault: { kind: 'wrong-bytes' },
        failingSinceMs: laterMs,
      },
      { name: 'b/', broughtBytes: 3, wrongAnswers: 0, fault: null, judgedAtMs: laterMs },
    ]);
    await clock.advance(10);
    guest.of('a/').asked();
    guest.of('a/').served(1);
    expect(mergeReports([...guest.reports(), ...copier.reports()])[0]).toMatchObject({
      fault: null,
      failingSinceMs: null,
      broughtBytes: 121,
      wrongAnswers: 1,
    });
  });
});

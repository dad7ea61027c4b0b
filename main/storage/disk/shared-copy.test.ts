import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import {
  contentOf,
  contentWithoutSource,
  failureOf,
  firstDifference,
  MASTER_BYTES,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { SharedCopy } from '../../../test/support/shared-copy.ts';
import { BlockPortClient } from '../block-port/client.ts';

/** Slow enough for a test to act before 4 MiB are through, in bytes per second. */
const SLOW = 512 * KIB;

describe('overlays that lie on one copy of a master', () => {
  it('read what it has, and what it lacks is fetched once for all of them and kept in it', async () => {
    const copy = await SharedCopy.make();
    const { disk } = await copy.open();
    const [one, other] = [await copy.link(disk, 'one'), await copy.link(disk, 'other')];
    const wanted = [0, MIB, 3 * MIB].map((offset) => ({ offset, length: 96 * KIB }));
    for (const { guest } of [one, other]) {
      for (const { offset, length } of wanted) {
        expect(unwrap(await guest.readOwned(offset, length))).toEqual(copy.part(offset, length));
      }
    }
    await Promise.all([one, other].map(({ guest }) => guest.readOwned(2 * MIB, 512)));
    expect(copy.ledger.sentAgain).toBeNull();
    const { fetchedBytes } = copy.ledger;
    for (const { disk: linked } of [one, other]) unwrap(await linked.close());
    expect(fetchedBytes).toBeLessThan(MASTER_BYTES);
    unwrap(await disk.close());
    await copy.server.drop();
    const again = await copy.open();
    const later = await copy.reopen(again.disk, 'one');
    expect(unwrap(await later.guest.readOwned(MIB, 512))).toEqual(copy.part(MIB, 512));
  });

  it('keep what their guests write to themselves', async () => {
    const copy = await SharedCopy.make();
    const { disk } = await copy.open();
    const [one, other] = [await copy.link(disk, 'one'), await copy.link(disk, 'other')];
    unwrap(await one.guest.write(MIB + 512, new Uint8Array(512).fill(1)));
    unwrap(await one.guest.flush());
    const before = copy.part(MIB, 2048);
    expect(unwrap(await other.guest.readOwned(MIB, 2048))).toEqual(before);
    expect(unwrap(await one.guest.readOwned(MIB, 2048))).toEqual(before.slice().fill(1, 512, 1024));
  });

  it('cannot write to it, whoever asks', async () => {
    const copy = await SharedCopy.make();
    const { disk } = await copy.open();
    const reader = unwrap(await BlockPortClient.connect(unwrap(await disk.connect('read'))));
    expect(reader.readOnly).toBe(true);
    for (const refused of [
      await reader.write(0, new Uint8Array(512)),
      await reader.writeZeroes(0, 512),
      await reader.discard(0, 512),
    ]) {
      expect(failureOf(refused)).toMatchObject({ code: 'read-only' });
    }
    expect(unwrap(await reader.readOwned(0, 512))).toEqual(copy.part(0, 512));
  });

  it('read while it streams, and every byte comes over the line once', async () => {
    const copy = await SharedCopy.make(4 * MIB);
    const { disk, told } = await copy.open();
    const linked = [await copy.link(disk, 'one'), await copy.link(disk, 'other')];
    unwrap(await disk.startStream(STREAM));
    for (let offset = 3 * MIB; offset >= 0; offset -= 256 * KIB) {
      const read = await Promise.all(linked.map(({ guest }) => guest.readOwned(offset, 4 * KIB)));
      for (const data of read) expect(unwrap(data)).toEqual(copy.part(offset, 4 * KIB));
    }
    await told.job('BLOCK_JOB_COMPLETED');
    expect(copy.ledger.sentAgain).toBeNull();
    expect(unwrap(await disk.status()).standalone).toBe(true);
    await copy.server.drop();
    for (const { disk: open } of linked)
      expect(firstDifference(await contentOf(open), copy.content)).toBeNull();
  });

  it('go on with what it has while the source is away, and wait for the rest', async () => {
    const copy = await SharedCopy.make();
    const { disk, told } = await copy.open();
    const { guest } = await copy.link(disk, 'one');
    unwrap(await guest.readOwned(0, 512));
    await copy.server.drop();
    const waiting = guest.readOwned(2 * MIB, 512);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-unreachable' } },
    });
    expect(unwrap(await guest.readOwned(0, 512))).toEqual(copy.part(0, 512));
    unwrap(await copy.server.restore());
    unwrap(await disk.retryNow());
    expect(unwrap(await waiting)).toEqual(copy.part(2 * MIB, 512));
  });

  it('are closed at once although a read of theirs waits for a source that is away', async () => {
    const copy = await SharedCopy.make();
    const { disk, told } = await copy.open();
    const { guest, disk: linked } = await copy.link(disk, 'one');
    await copy.server.drop();
    const waiting = guest.readOwned(2 * MIB, 512);
    await told.until(({ kind }) => kind === 'waiting');
    unwrap(await linked.close());
    expect(failureOf(await waiting)).toMatchObject({ code: 'closed' });
    unwrap(await disk.close());
  });
});

describe("a copy's thread that dies", () => {
  it('lets its readers wait, and serves them from the next thread as if nothing had been', async () => {
    const copy = await SharedCopy.make(SLOW);
    const first = await copy.open();
    const { guest, disk: linked } = await copy.link(first.disk, 'one');
    unwrap(await guest.readOwned(0, 512));
    const interrupted = guest.readOwned(2 * MIB, 64 * KIB);
    await first.disk.startStream(null as unknown as typeof STREAM); // ends the thread
    expect(failureOf(await first.disk.status())).toMatchObject({ code: 'closed' });
    const next = await copy.open();
    unwrap(await linked.reconnect(copy.path, unwrap(await next.disk.connect('read'))));
    expect(unwrap(await interrupted)).toEqual(copy.part(2 * MIB, 64 * KIB));
    expect(unwrap(await guest.readOwned(0, 512))).toEqual(copy.part(0, 512));
  });

  it('is not replaced for a disk that does not lie on it', async () => {
    const copy = await SharedCopy.make();
    const { disk } = await copy.open();
    const { disk: linked } = await copy.link(disk, 'one');
    const refused = await linked.reconnect('/another', unwrap(await disk.connect('read')));
    expect(failureOf(refused)).toMatchObject({ code: 'not-found' });
  });
});

describe('an overlay that is made standalone', () => {
  it('copies from the complete copy, by its own job, and needs neither it nor the network afterwards', async () => {
    const copy = await SharedCopy.make();
    const { disk, told } = await copy.open();
    const linked = await copy.link(disk, 'one', { copyOnRead: 'on' });
    unwrap(await linked.guest.write(MIB, new Uint8Array(512).fill(1)));
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    await copy.server.drop();
    unwrap(await linked.disk.startStream(STREAM));
    await linked.told.job('BLOCK_JOB_COMPLETED');
    unwrap(await linked.disk.close());
    unwrap(await disk.close());
    const expected = Uint8Array.from(copy.content).fill(1, MIB, MIB + 512);
    expect(firstDifference(await contentWithoutSource(linked.overlay), expected)).toBeNull();
    expect(copy.ledger.sentAgain).toBeNull();
  });

  it('reads through the copy what its guest wants before, and keeps it', async () => {
    const copy = await SharedCopy.make();
    const { disk } = await copy.open();
    const { guest, disk: linked } = await copy.link(disk, 'one', { copyOnRead: 'on' });
    expect(unwrap(await guest.readOwned(MIB, 512))).toEqual(copy.part(MIB, 512));
    unwrap(await guest.flush());
    expect(unwrap(await linked.status()).guest).toMatchObject({ missedReads: 1 });
    unwrap(await linked.close());
    const again = await copy.reopen(disk, 'one', { copyOnRead: 'on' });
    expect(unwrap(await again.guest.readOwned(MIB, 512))).toEqual(copy.part(MIB, 512));
    expect(unwrap(await again.disk.status()).guest).toMatchObject({ missedReads: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import { COMMAND, FLAG, HANDSHAKE, INFO, MAGIC, OPTION, REPLY } from '../../block/nbd/protocol.ts';
import { serveNbd } from '../../../test/support/nbd-served.ts';
import {
  contextQuery,
  infoQuery,
  NbdTalker,
  text,
  uint16,
  uint32,
  type OptionAnswer,
} from '../../../test/support/nbd-talker.ts';

const MIB = 1024 * 1024;

async function serveTwo() {
  return serveNbd([
    { name: 'one', description: 'the first', device: new MemoryDevice(MIB) },
    { name: 'two', device: new MemoryDevice(2 * MIB, { readOnly: true }) },
  ]);
}

async function greeted(socket: string, flags?: number): Promise<NbdTalker> {
  const talker = await NbdTalker.connect(socket);
  await talker.greet(flags);
  return talker;
}

const types = (answers: readonly OptionAnswer[]) => answers.map(({ type }) => type);

describe('the greeting', () => {
  it('offers fixed newstyle without the zeroes', async () => {
    const { socket } = await serveTwo();
    const talker = await NbdTalker.connect(socket);
    const greeting = await talker.greet();
    expect(greeting.readBigUInt64BE(0)).toBe(MAGIC.server);
    expect(greeting.readBigUInt64BE(8)).toBe(MAGIC.option);
    expect(greeting.readUInt16BE(16)).toBe(HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes);
  });

  it('ends the connection of a client that sets flags nobody knows', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket, 1 << 7);
    await talker.closed;
  });
});

describe('an export', () => {
  it('is listed with its description', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    const answers = await talker.option(OPTION.list);
    expect(types(answers)).toEqual([REPLY.server, REPLY.server, REPLY.ack]);
    expect(answers[0]?.data).toEqual(Buffer.concat([text('one'), Buffer.from('the first')]));
    expect(answers[1]?.data).toEqual(text('two'));
  });

  it('is described when asked for, and again, before it is chosen', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    const wanted = [INFO.name, INFO.description, INFO.blockSize, 77];
    for (let round = 0; round < 2; round++) {
      const answers = await talker.option(OPTION.info, infoQuery('one', wanted));
      expect(types(answers)).toEqual([REPLY.info, REPLY.info, REPLY.info, REPLY.info, REPLY.ack]);
      expect(answers[0]?.data.readBigUInt64BE(2)).toBe(BigInt(MIB));
      expect(answers[1]?.data).toEqual(Buffer.concat([uint16(INFO.name), Buffer.from('one')]));
      expect(answers[2]?.data).toEqual(Buffer.concat([uint16(INFO.description), Buffer.from('the first')]));
      const sizes = [1, 4096, 32 * MIB].map(uint32);
      expect(answers[3]?.data).toEqual(Buffer.concat([uint16(INFO.blockSize), ...sizes]));
    }
    await talker.go('two');
    expect(talker.size).toBe(2 * MIB);
  });

  it('tells what it can do', async () => {
    const { socket } = await serveTwo();
    const writable = await NbdTalker.open(socket, { exportName: 'one' });
    const always = FLAG.hasFlags | FLAG.sendFlush | FLAG.sendFua | FLAG.sendCache | FLAG.canMultiConn;
    const writing = FLAG.sendTrim | FLAG.sendWriteZeroes | FLAG.sendFastZero;
    expect(writable.flags).toBe(always | writing | FLAG.sendDf);
    const readOnly = await NbdTalker.open(socket, { exportName: 'two', structured: false });
    expect(readOnly.flags).toBe(always | FLAG.readOnly);
  });

  it('that nobody knows is refused, and another may be chosen', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    for (const name of ['three', '', 'ONE']) {
      expect(types(await talker.go(name))).toEqual([REPLY.errUnknown]);
    }
    await talker.go('one');
    expect((await talker.read(0, 512)).error).toBe(0);
  });

  it('is had by the empty name where there is only one', async () => {
    const { socket } = await serveNbd([{ name: 'only', device: new MemoryDevice(MIB) }]);
    const talker = await greeted(socket);
    const answers = await talker.go('', [INFO.name]);
    expect(answers[1]?.data.subarray(2).toString()).toBe('only');
  });

  it('is had in the old way, with zeroes behind or without', async () => {
    const { socket } = await serveTwo();
    for (const [flags, zeroes] of [
      [HANDSHAKE.fixedNewstyle, 124],
      [HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes, 0],
      [0, 124],
    ] as const) {
      const talker = await greeted(socket, flags);
      talker.sendOption(OPTION.exportName, Buffer.from('one'));
      const reply = await talker.take(10 + zeroes);
      expect(reply.readBigUInt64BE(0)).toBe(BigInt(MIB));
      expect(reply.readUInt16BE(8) & FLAG.hasFlags).toBe(FLAG.hasFlags);
      expect(await talker.read(0, 16)).toMatchObject({ error: 0, data: Buffer.alloc(16) });
    }
  });

  it('that is asked for in the old way and not there ends the connection', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    talker.sendOption(OPTION.exportName, Buffer.from('three'));
    await talker.closed;
  });

  it('may be used in the same breath as it is chosen', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    await talker.option(OPTION.structuredReply);
    talker.sendOption(OPTION.go, infoQuery('one'));
    const cookie = talker.send({ command: COMMAND.read, offset: 100, length: 4096 });
    // The information on the export, and the acknowledgement.
    await talker.take(32 + 20);
    expect((await talker.answersUntil(cookie)).get(cookie)).toMatchObject({ error: 0 });
  });
});

describe('metadata contexts', () => {
  const ALL = ['base:allocation', 'qemu:allocation-depth', 'headwater:source'];
  const names = (answers: readonly OptionAnswer[]) =>
    answers.slice(0, -1).map(({ data }) => data.subarray(4).toString());

  it('are listed by name, by namespace, or all', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    await talker.option(OPTION.structuredReply);
    for (const [queries, found] of [
      [[], ALL],
      [['base:'], ['base:allocation']],
      [
        ['qemu:', 'headwater:source'],
        ['qemu:allocation-depth', 'headwater:source'],
      ],
      [['base:nothing', 'x-other:'], []],
    ] as const) {
      const answers = await talker.option(OPTION.listMetaContext, contextQuery('one', queries));
      expect(names(answers)).toEqual(found);
    }
  });

  it('are selected by their full names, each with an id of its own', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    await talker.option(OPTION.structuredReply);
    const query = contextQuery('one', ['headwater:source', 'base:allocation', 'base:', 'base:allocation']);
    const answers = await talker.option(OPTION.setMetaContext, query);
    expect(names(answers)).toEqual(['base:allocation', 'headwater:source']);
    expect(answers.slice(0, -1).map(({ data }) => data.readUInt32BE(0))).toEqual([1, 2]);
  });

  it('count for the export they were selected for, and as selected last', async () => {
    const { socket } = await serveTwo();
    for (const selected of ['two', null]) {
      const talker = await greeted(socket);
      await talker.option(OPTION.structuredReply);
      await talker.option(OPTION.setMetaContext, contextQuery('one', ['base:allocation']));
      if (selected !== null) {
        await talker.option(OPTION.setMetaContext, contextQuery(selected, ['base:allocation']));
      }
      await talker.go('one');
      const { error } = await talker.request({ command: COMMAND.blockStatus, length: 512 });
      expect(error).toBe(selected === null ? 0 : 22);
    }
  });

  it('need structured replies, and an export that is there', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    const query = (name: string) => talker.option(OPTION.setMetaContext, contextQuery(name, ALL));
    expect(types(await query('one'))).toEqual([REPLY.errInvalid]);
    await talker.option(OPTION.structuredReply);
    expect(types(await query('three'))).toEqual([REPLY.errUnknown]);
  });
});

describe('an option', () => {
  it('that nobody knows is refused, and the next one is heard', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    expect(types(await talker.option(99, Buffer.alloc(1000)))).toEqual([REPLY.errUnsupported]);
    expect(types(await talker.option(OPTION.structuredReply))).toEqual([REPLY.ack]);
  });

  it('with data that does not fit is refused, and the next one is heard', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    await talker.option(OPTION.structuredReply);
    const broken: [number, Buffer][] = [
      [OPTION.structuredReply, Buffer.alloc(1)],
      [OPTION.list, Buffer.alloc(4)],
      [OPTION.info, Buffer.alloc(0)],
      [OPTION.info, uint32(1000)],
      [OPTION.info, Buffer.concat([text('one'), uint16(2), uint16(0)])],
      [OPTION.info, Buffer.concat([infoQuery('one'), Buffer.alloc(1)])],
      [OPTION.info, infoQuery('o\0e')],
      [OPTION.info, infoQuery('x'.repeat(4097))],
      [OPTION.info, Buffer.concat([uint32(2), Buffer.from([0xc3, 0x28]), uint16(0)])],
      [OPTION.setMetaContext, Buffer.concat([text('one'), uint32(0xffff_ffff), text('base:')])],
      [OPTION.setMetaContext, contextQuery('one', ['allocation'])],
      [OPTION.listMetaContext, contextQuery('one', [':allocation'])],
    ];
    for (const [code, data] of broken) {
      expect(types(await talker.option(code, data)), `${code} ${data.toString('hex', 0, 40)}`).toEqual([
        REPLY.errInvalid,
      ]);
    }
    expect(types(await talker.go('one'))).toEqual([REPLY.info, REPLY.ack]);
  });

  it('of absurd length, or without its magic, ends the connection', async () => {
    const { socket } = await serveTwo();
    const long = await greeted(socket);
    long.socket.write(Buffer.concat([Buffer.from('IHAVEOPT'), uint32(OPTION.list), uint32(0x7fff_ffff)]));
    await long.closed;
    const other = await greeted(socket);
    other.sendOption(OPTION.list, undefined, 0x1234n);
    await other.closed;
  });

  it('to abort is acknowledged, and ends the connection', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    expect(types(await talker.option(OPTION.abort))).toEqual([REPLY.ack]);
    await talker.closed;
  });

  it('for TLS is refused where there is none', async () => {
    const { socket } = await serveTwo();
    const talker = await greeted(socket);
    expect(types(await talker.option(OPTION.startTls))).toEqual([REPLY.errPolicy]);
    await talker.go('one');
  });
});

import { USUAL_HARDWARE } from '../../../shared/hardware.ts';
import { describe, expect, it } from 'vitest';
import type { Push } from '../../../shared/ipc/channel.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import { sleep } from '../../../shared/clock.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { PushHub } from './push-hub.ts';

const machine = (id: string, name: string): MachineView => ({
  id,
  name,
  applianceId: null,
  memoryMiB: 64,
  hardware: USUAL_HARDWARE,
  runsOn: { backEnd: 'v86', qemu: null },
  canSuspend: true,
  state: 'running',
  failure: null,
  wait: null,
  savedState: null,
  instantStart: null,
  savedFraction: null,
  loginHint: null,
  cloudInit: false,
  createdAtMs: 0,
  startedAtMs: null,
  disks: [],
});

function hub() {
  const clock = new SimulatedClock(0);
  const sent: { name: string; message: Push<unknown> }[] = [];
  const bugs: string[] = [];
  const subject = new PushHub((name, message) => sent.push({ name, message }), clock, {
    warn: () => undefined,
    bug: (context) => bugs.push(context),
  });
  return { subject, sent, bugs, pass: (ms: number) => clock.run(sleep(clock, ms)) };
}

const notice = (text: string) => ({
  level: 'info' as const,
  kind: 'imported' as const,
  facts: [],
  failure: null,
  subject: null,
  text,
});

describe('the hub of pushes', () => {
  it('numbers the messages of every channel from 1', () => {
    const { subject, sent } = hub();
    subject.publish('notice', notice('a'));
    subject.publish('machine.removed', { id: 'm' });
    subject.publish('notice', notice('b'));
    expect(sent.map(({ name, message }) => `${name} ${message.sequence}`)).toEqual([
      'notice 1',
      'machine.removed 1',
      'notice 2',
    ]);
  });

  it('tells the state of a machine at most four times a second, and leaves no gap in the numbers', async () => {
    const { subject, sent, pass } = hub();
    for (let i = 0; i < 100; i++) {
      subject.publish('machine.changed', machine('m', `name ${i}`));
      await pass(10);
    }
    await pass(1000);
    expect(sent.map(({ message }) => message.sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(sent.at(-1)?.message.payload).toMatchObject({ name: 'name 99' });
  });

  it('never tells of a machine after the news that it is gone', async () => {
    const { subject, sent, pass } = hub();
    subject.publish('machine.changed', machine('m', 'a'));
    subject.publish('machine.changed', machine('m', 'b'));
    subject.publish('machine.removed', { id: 'm' });
    await pass(1000);
    expect(sent.map(({ name }) => name)).toEqual(['machine.changed', 'machine.removed']);
  });

  it('keeps what breaks the contract, and reports it as a bug', () => {
    const { subject, sent, bugs } = hub();
    subject.publish('machine.changed', { ...machine('m', 'a'), memoryMiB: -1 });
    expect(sent).toEqual([]);
    expect(bugs).toEqual(['push machine.changed']);
  });

  it('lets the main process listen, too', () => {
    const { subject } = hub();
    const heard: string[] = [];
    const end = subject.on('machine.removed', ({ id }) => heard.push(id));
    subject.publish('machine.removed', { id: 'a' });
    subject.publish('notice', notice('x'));
    end();
    subject.publish('machine.removed', { id: 'b' });
    expect(heard).toEqual(['a']);
  });
});

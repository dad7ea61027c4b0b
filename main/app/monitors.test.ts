import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { MachineRoom, type BackEnd } from '../../test/support/machine-room.ts';
import { machineOf, onlyDisk, PATIENCE } from '../../test/support/machine-watch.ts';
import { QmpClient } from '../../test/support/qmp-client.ts';
import { Monitors } from './monitors.ts';

/** Slow enough that nothing is complete before it was looked at. */
const SLOW = 1024;

async function scene() {
  const room = new MachineRoom();
  const backEnd = await room.open();
  unwrap(await backEnd.preferences.set({ globalLimit: SLOW }));
  const folder = path.join(room.folder, 'qmp');
  const warnings: string[] = [];
  const quit = vi.fn();
  const monitors = new Monitors({
    machines: backEnd.machines,
    disks: backEnd.disks,
    clock: systemClock,
    nowMs: Date.now,
    version: '1.2.3',
    folder,
    quit,
    warn: (text) => void warnings.push(text),
  });
  onTestFinished(() => monitors.close());
  const start = async () => {
    const { id } = await room.create();
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    return id;
  };
  return { room, backEnd, folder, warnings, quit, monitors, start };
}

async function deviceOf(backEnd: BackEnd, id: string): Promise<string> {
  return `disk-${onlyDisk(await machineOf(backEnd, id)).id}`;
}

describe('the sockets for programs', () => {
  it('are not there until the user allows them, and go when that ends', async () => {
    const { monitors, folder, start, warnings } = await scene();
    const early = await start();
    expect(fs.existsSync(folder)).toBe(false);
    await monitors.setEnabled(true);
    const late = await start();
    await vi.waitFor(
      () => expect(fs.readdirSync(folder).sort()).toEqual(['app.qmp', `${early}.qmp`, `${late}.qmp`].sort()),
      PATIENCE,
    );
    const client = await QmpClient.open(path.join(folder, 'app.qmp'));
    await monitors.setEnabled(false);
    await client.ended;
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('of a machine do what its buttons do, and go with it', async () => {
    const { monitors, folder, start, backEnd } = await scene();
    await monitors.setEnabled(true);
    const id = await start();
    const socket = path.join(folder, `${id}.qmp`);
    await vi.waitFor(() => expect(fs.existsSync(socket)).toBe(true), PATIENCE);
    const client = await QmpClient.open(socket);
    const device = await deviceOf(backEnd, id);
    expect(await client.ask('query-block')).toMatchObject({ return: [{ device, 'io-status': 'ok' }] });
    await client.ask('stop');
    await client.event('STOP');
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'paused' });
    await client.ask('cont');
    expect(await client.ask('query-status')).toMatchObject({ return: { status: 'running' } });
    expect(await client.ask('quit')).toMatchObject({ return: {} });
    await client.ended;
    await vi.waitFor(async () => {
      expect(await machineOf(backEnd, id)).toMatchObject({ state: 'off' });
      expect(fs.existsSync(socket)).toBe(false);
    }, PATIENCE);
  });

  it('of the app are about every open disk, and about no machine', async () => {
    const { monitors, folder, start, backEnd, quit } = await scene();
    await monitors.setEnabled(true);
    const devices = [await deviceOf(backEnd, await start()), await deviceOf(backEnd, await start())];
    const client = await QmpClient.open(path.join(folder, 'app.qmp'));
    const { return: blocks } = await client.ask('query-block');
    expect((blocks as { device: string }[]).map(({ device }) => device).sort()).toEqual(devices.sort());
    expect(await client.ask('query-status')).toMatchObject({ error: { class: 'CommandNotFound' } });
    await client.ask('quit');
    expect(quit).toHaveBeenCalledOnce();
  });

  it('take a command about the job of the app for the user’s wish, which is remembered', async () => {
    const { monitors, folder, start, backEnd } = await scene();
    await monitors.setEnabled(true);
    const id = await start();
    const device = await deviceOf(backEnd, id);
    const client = await QmpClient.open(path.join(folder, 'app.qmp'));
    const stream = async () => onlyDisk(await machineOf(backEnd, id)).state;
    await vi.waitFor(async () => expect(await stream()).toBe('streaming'), PATIENCE);
    expect(await client.ask('block-job-pause', { device })).toMatchObject({ return: {} });
    await vi.waitFor(async () => expect(await stream()).toBe('paused'), PATIENCE);
    expect(await client.ask('job-resume', { id: device })).toMatchObject({ return: {} });
    await vi.waitFor(async () => expect(await stream()).toBe('streaming'), PATIENCE);
    expect(await client.ask('job-cancel', { id: device })).toMatchObject({ return: {} });
    await client.event('BLOCK_JOB_CANCELLED', (data) => data['device'] === device);
    await vi.waitFor(async () => expect(await stream()).toBe('not-started'), PATIENCE);
  });

  it('leave a job that a client has started to that client', async () => {
    const { monitors, folder, start, backEnd } = await scene();
    await monitors.setEnabled(true);
    const device = await deviceOf(backEnd, await start());
    const client = await QmpClient.open(path.join(folder, 'app.qmp'));
    expect(await client.ask('block-stream', { device, 'job-id': 'mine' })).toMatchObject({
      error: { desc: `Node '${device}' is busy: block device is in use by block job: stream` },
    });
    await client.ask('job-cancel', { id: device });
    await client.event('BLOCK_JOB_CANCELLED');
    expect(await client.ask('block-stream', { device, 'job-id': 'mine' })).toMatchObject({ return: {} });
    expect(await client.ask('job-pause', { id: 'mine' })).toMatchObject({ return: {} });
    await client.event('JOB_STATUS_CHANGE', ({ id, status }) => id === 'mine' && status === 'paused');
    // Neither of these changes what the app wants of its own job, which is none.
    const { return: jobs } = await client.ask('query-jobs');
    expect(jobs).toMatchObject([{ id: 'mine', status: 'paused' }]);
    expect(await client.ask('job-cancel', { id: 'mine' })).toMatchObject({ return: {} });
    await client.event('BLOCK_JOB_CANCELLED', (data) => data['device'] === 'mine');
  });
});

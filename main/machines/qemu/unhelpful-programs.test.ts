import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { machineOf, scriptAsQemu, talkingProgram } from '../../../test/support/pretended-qemu.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { err } from '../../../shared/result.ts';
import { QemuHost } from './host.ts';

describe('a QEMU that does not answer the order to go on', () => {
  it.each(['stop', 'kill'] as const)('can be ended: %s', async (order) => {
    const said = path.join(tempFolder(), 'said');
    const machine = machineOf(
      talkingProgram(
        `if (request.execute === 'cont') require('node:fs').writeFileSync(${JSON.stringify(said)}, '');
         else say({ return: {}, id: request.id });`,
      ),
    );
    const starting = machine.start();
    await expect.poll(() => fs.existsSync(said)).toBe(true);
    await machine[order]();
    expect(machine.state).toEqual({ kind: 'stopped', why: order === 'stop' ? 'requested' : 'killed' });
    expect(await starting).toMatchObject(err('closed', 'Machine was stopped'));
  });
});

describe('a QEMU whose monitor says what no QEMU would', () => {
  it('is ended, and the machine has failed for that reason', async () => {
    const machine = machineOf(
      talkingProgram(
        `say({ return: request.execute === 'query-status' ? { status: 'running', running: true, singlestep: false } : {}, id: request.id });
         if (request.execute === 'cont') say('nonsense');`,
      ),
    );
    await machine.start();
    await expect.poll(() => machine.state.kind).toBe('failed');
    expect(machine.state).toMatchObject({
      failure: { message: expect.stringContaining('cannot be understood: "nonsense"') as string },
    });
  });
});

describe('a script in the place of QEMU', () => {
  it('is ended with all that it started', async () => {
    const pidFile = path.join(tempFolder(), 'pid');
    const note = `echo $! >${pidFile}.part; mv ${pidFile}.part ${pidFile}`;
    const machine = machineOf(scriptAsQemu(`#!/bin/sh\nsleep 1000 & ${note}; wait\n`));
    const starting = machine.start();
    await expect.poll(() => fs.existsSync(pidFile)).toBe(true);
    await machine.kill();
    expect((await starting).ok).toBe(false);
    const pid = Number(fs.readFileSync(pidFile, 'utf8'));
    await expect.poll(() => fs.existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('a computer without a place for temporary files', () => {
  it('is told from one whose QEMU does not run', async () => {
    const { path: program } = scriptAsQemu('#!/bin/sh\necho QEMU emulator version 7.2.0\n');
    const nowhere = path.join(tempFolder(), 'nowhere');
    vi.stubEnv('TMPDIR', nowhere);
    const found = await new QemuHost({ path: path.dirname(program) }).program('x86_64');
    vi.unstubAllEnvs();
    expect(found).toMatchObject(
      err('not-found', `Could not try in '${nowhere}' what QEMU can do here: No such file or directory`),
    );
  });
});

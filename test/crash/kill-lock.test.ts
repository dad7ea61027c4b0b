import { fork, spawnSync, type ChildProcess, type ForkOptions } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { lockImage } from '../../main/storage/lock/image-lock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import type { LockOrder, LockReport } from './lock-contender.ts';

const CONTENDERS = 8;
const ROUNDS = Number(process.env['HEADWATER_LOCK_ROUNDS'] ?? 20);

/** Root may write anywhere. */
const ORDINARY_USER = process.getuid?.() === 0 ? { uid: 65534 } : {};

let program: TestProgram;
const running = new Set<Contender>();

beforeAll(() => {
  program = buildTestProgram('test/crash/lock-contender.ts');
});

afterAll(() => program.remove());

afterEach(async () => {
  await Promise.all([...running].map((contender) => contender.kill()));
});

/** A process that wants the lock. */
class Contender {
  readonly #child: ChildProcess;

  constructor(options: ForkOptions = {}, script = program.path) {
    this.#child = fork(script, options);
    running.add(this);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  lock(imagePath: string): Promise<LockReport> {
    return this.#ask({ order: 'lock', imagePath });
  }

  release(): Promise<LockReport> {
    return this.#ask({ order: 'release' });
  }

  kill(): Promise<void> {
    running.delete(this);
    return new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  #ask(order: LockOrder): Promise<LockReport> {
    return new Promise((resolve) => {
      this.#child.once('message', (report: LockReport) => resolve(report));
      this.#child.send(order);
    });
  }
}

/** Runs a program as a container does: in a PID namespace of its own, where only its own processes are seen. */
const CONTAINED = ['--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
const CAN_CONTAIN = spawnSync('unshare', [...CONTAINED, 'true']).status === 0;

/** Node may be installed where only some users can run it. */
function canRun(user: { readonly uid?: number }): boolean {
  return spawnSync(process.execPath, ['--version'], { cwd: '/', ...user }).status === 0;
}

function newImage(): string {
  const image = path.join(tempFolder(), 'disk.qed');
  fs.writeFileSync(image, '');
  return image;
}

function lockFileOf(image: string): string {
  return path.join(path.dirname(image), `.${path.basename(image)}.lock`);
}

/** What a process leaves that was killed while it had the lock. */
async function leaveStaleLock(image: string): Promise<void> {
  const victim = new Contender();
  expect(await victim.lock(image)).toEqual({ failure: null });
  await victim.kill();
  expect(fs.existsSync(lockFileOf(image))).toBe(true);
}

describe('the lock of an image', () => {
  it('is refused while another process has it, and the message says which and what to do', async () => {
    const image = newImage();
    const holder = new Contender();
    await holder.lock(image);
    expect(lockImage(image)).toMatchObject({
      ok: false,
      failure: {
        code: 'busy',
        message: `'${image}' is already open for writing in process ${holder.pid}; close it there first`,
      },
    });
    await holder.release();
    unwrap(lockImage(image))();
  });

  it('holds when the image is moved to another folder, until its process is gone', async () => {
    const image = newImage();
    const [holder, other] = [new Contender(), new Contender()];
    expect(await holder.lock(image)).toEqual({ failure: null });
    const moved = path.join(tempFolder(), 'moved.qed');
    fs.renameSync(image, moved);
    expect(await other.lock(moved)).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${moved}' is already open for writing in process ${holder.pid}; close it there first`,
      },
    });
    await holder.kill();
    expect(await other.lock(moved)).toEqual({ failure: null });
  });

  it('is refused for a hard link in another folder, whichever of the two names is left', async () => {
    const image = newImage();
    const [holder, other] = [new Contender(), new Contender()];
    expect(await holder.lock(image)).toEqual({ failure: null });
    const link = path.join(tempFolder(), 'link.qed');
    fs.linkSync(image, link);
    expect(await other.lock(link)).toMatchObject({ failure: { code: 'busy' } });
    fs.rmSync(image);
    expect(await other.lock(link)).toMatchObject({
      failure: { message: expect.stringContaining(`process ${holder.pid}`) as string },
    });
    await holder.release();
    expect(await other.lock(link)).toEqual({ failure: null });
  });

  it.skipIf(!CAN_CONTAIN)('holds between containers that share the folder of the image', async () => {
    const image = newImage();
    const contained = { execPath: 'unshare', execArgv: [...CONTAINED, process.execPath] };
    const [one, other, outside] = [new Contender(contained), new Contender(contained), new Contender()];
    expect(await one.lock(image)).toEqual({ failure: null });
    const refused = {
      failure: { code: 'busy', message: expect.stringContaining(lockFileOf(image)) as string },
    };
    expect(await other.lock(image)).toMatchObject(refused);
    expect(await outside.lock(image)).toMatchObject(refused);
    await one.release();
    expect(await outside.lock(image)).toEqual({ failure: null });
    expect(await other.lock(image)).toMatchObject(refused);
  });

  it('is taken over from a process that was killed, and nothing of it stays behind', async () => {
    const image = newImage();
    await leaveStaleLock(image);
    unwrap(lockImage(image))();
    expect(fs.readdirSync(path.dirname(image))).toEqual([path.basename(image)]);
  });

  it.each([
    { leaves: 'no lock', stale: false },
    { leaves: 'the lock of a killed process', stale: true },
  ])(`goes to exactly one of ${CONTENDERS} processes that find $leaves`, async ({ stale }) => {
    const image = newImage();
    const lockFile = lockFileOf(image);
    await leaveStaleLock(image);
    const staleLock = fs.readFileSync(lockFile);
    fs.rmSync(lockFile);
    const contenders = Array.from({ length: CONTENDERS }, () => new Contender());
    for (let round = 0; round < ROUNDS; round++) {
      if (stale) fs.writeFileSync(lockFile, staleLock);
      const reports = await Promise.all(contenders.map((contender) => contender.lock(image)));
      expect(
        reports.filter(({ failure }) => failure === null),
        `round ${round}`,
      ).toHaveLength(1);
      for (const { failure } of reports) expect(failure?.code ?? 'busy').toBe('busy');
      expect(lockImage(image)).toMatchObject({ ok: false, failure: { code: 'busy' } });
      await Promise.all(contenders.map((contender) => contender.release()));
      expect(fs.readdirSync(path.dirname(image))).toEqual([path.basename(image)]);
    }
  });

  it.skipIf(!canRun(ORDINARY_USER))('says that the folder must be writable, where it is not', async () => {
    const image = newImage();
    const folder = path.dirname(image);
    const script = path.join(folder, 'contender.mjs');
    fs.copyFileSync(program.path, script);
    fs.chmodSync(folder, 0o555);
    const contender = new Contender(ORDINARY_USER, script);
    expect(await contender.lock(image)).toMatchObject({
      failure: {
        code: 'permission-denied',
        message:
          `Could not lock '${image}' for writing: Permission denied; ` +
          'the lock is a file beside the image, whose folder must be writable',
      },
    });
    fs.chmodSync(folder, 0o755);
  });

  it('survives killings at any moment of taking it over', async () => {
    const image = newImage();
    await leaveStaleLock(image);
    for (let round = 0; round < ROUNDS; round++) {
      const contenders = Array.from({ length: 3 }, () => new Contender());
      for (const contender of contenders) void contender.lock(image);
      await new Promise((resolve) => setTimeout(resolve, 30 + round));
      await Promise.all(contenders.map((contender) => contender.kill()));
    }
    unwrap(lockImage(image))();
    expect(fs.existsSync(lockFileOf(image))).toBe(false);
  });
});

import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asOptions, copyTwins, makeMasters, runBoth, runOurs } from './io-twins.ts';

let masters = '';
beforeAll(() => {
  masters = makeMasters();
});
afterAll(() => fs.rmSync(masters, { recursive: true, force: true }));

const onOverlay = (...commands: string[]) => ['-f', 'qed', ...asOptions(commands), '@/overlay.qed'];

describe('headwater io differs from qemu-io', () => {
  it('by filling a zero cluster with zeroes when a part of it is written, as the specification says', async () => {
    // QEMU 7.2 fills it from the backing file: what the guest had zeroed comes back.
    const { theirs, ours } = await runBoth(
      copyTwins(masters),
      onOverlay(
        'write -qz 0 64k',
        'write -qP 7 4k 4k',
        'read -qP 0 0 4k',
        'read -qP 7 4k 4k',
        'read -qP 4 8k 4k',
      ),
    );
    expect(ours.stdout).toBe('Pattern verification failed at offset 8192, 4096 bytes\n');
    expect(theirs.stdout).toBe('Pattern verification failed at offset 0, 4096 bytes\n');
  });

  it('by discarding what is still missing in an overlay, so that it need not be fetched', async () => {
    const { theirs, ours } = await runBoth(
      copyTwins(masters),
      onOverlay('discard -q 0 128k', 'alloc 0 1M', 'read -qP 0 0 128k'),
    );
    expect(ours.stdout).toBe('131072/1048576 bytes allocated at offset 0 bytes\n');
    expect(theirs.stdout).toContain(
      '0/1048576 bytes allocated at offset 0 bytes\nPattern verification failed',
    );
  });

  it('by leaving a raw image as it is when it is discarded', async () => {
    const args = ['-f', 'raw', ...asOptions(['discard -q 0 64k', 'read -qP 1 0 64k']), '@/disk.raw'];
    const { theirs, ours } = await runBoth(copyTwins(masters), args);
    expect(ours).toEqual({ stdout: '', stderr: '', exitCode: 0 });
    expect(theirs.stdout).toContain('Pattern verification failed');
  });

  it('by storing nothing for what lies past the end of a backing file, with copy-on-read', async () => {
    const { theirs, ours } = await runBoth(copyTwins(masters), [
      '-C',
      ...onOverlay('read -q 1M 64k', 'alloc 1M'),
    ]);
    expect(ours.stdout).toBe('0/512 bytes allocated at offset 1 MiB\n');
    expect(theirs.stdout).toBe('512/512 bytes allocated at offset 1 MiB\n');
  });

  it('by using QED for snapshots, where QEMU uses qcow2', async () => {
    const { theirs, ours } = await runBoth(copyTwins(masters), ['-s', ...onOverlay('info')]);
    expect(ours.stdout).toContain('format name: qed');
    expect(theirs.stdout).toContain('format name: qcow2');
  });

  it('by opening QED images whose tables are one cluster long', async () => {
    const twins = copyTwins(masters);
    const path = `${twins.ours}/one.qed`;
    const { execFileSync } = await import('node:child_process');
    execFileSync('qemu-img', ['create', '-f', 'qed', '-o', 'table_size=1', path, '1M']);
    fs.copyFileSync(path, `${twins.theirs}/one.qed`);
    const { theirs, ours } = await runBoth(twins, ['-f', 'qed', '-c', 'length', '@/one.qed']);
    expect(ours.stdout).toBe('1 MiB\n');
    expect(theirs.stderr).toContain('QED table offset is invalid');
  });

  it('by taking an image for QED only when it is named so', async () => {
    const twins = copyTwins(masters);
    for (const folder of [twins.theirs, twins.ours])
      fs.renameSync(`${folder}/disk.qed`, `${folder}/disk.img`);
    const { theirs, ours } = await runBoth(twins, ['-c', 'info', '@/disk.img']);
    expect(theirs.stdout).toContain('format name: qed');
    expect(ours.stdout).toContain('format name: raw');
    expect(ours.stderr).toContain('-f qed');
  });

  it('by refusing a size left out where QEMU crashes', async () => {
    const ours = await runOurs(copyTwins(masters).ours, onOverlay('truncate -m off'));
    expect(ours.stdout).toMatch(/^truncate \[-m prealloc_mode\] off -- /);
    expect(ours.exitCode).toBe(1);
  });

  it('by not waiting for a breakpoint that cannot come', async () => {
    const ours = await runOurs(copyTwins(masters).ours, onOverlay('wait_break x'));
    expect(ours.stdout).toBe('Could not wait for a breakpoint: Operation not supported\n');
  });

  it.each([
    [['-T', 'enable=bdrv*'], 'tracing (-T) is not supported'],
    [['--object', 'secret,id=a'], '--object is not supported'],
    [['--image-opts', 'driver=raw'], '--image-opts is not supported'],
  ])('by refusing %j', async (args, message) => {
    const ours = await runOurs(masters, args);
    expect(ours.stderr).toContain(message);
    expect(ours.exitCode).toBe(1);
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { NodeFile } from '../../block/node-file.ts';
import { syncFile, syncFolder } from '../../block/whole-file.ts';
import { readContentStamp, type ContentStamp } from '../../qed/content-stamp.ts';
import { readHeader } from '../../qed/header.ts';
import { lockImage } from '../lock/image-lock.ts';
import { packFileOf } from '../pack/pack-file.ts';
import { createOverlay, type OverlayOptions } from './create-overlay.ts';
import type { ImageChain } from '../chain/image-chain.ts';

/** How a file stands on the computer. */
export interface FileState {
  readonly lengthBytes: number;
  readonly modifiedMs: number;
  /** What deleting it would free. */
  readonly spaceBytes: number;
}

/** What is done with image files as a whole. One object, so that tests can end the program between any two steps. */
export interface ImageFiles {
  /** Never replaces a file. */
  create(
    overlay: ImageChain & { backing: ImageChain },
    imageBytes: number,
    options?: OverlayOptions,
  ): Promise<Result<void>>;
  /** Gives the content of a file a second name, by a link or a copy, durably. Never replaces a file. */
  duplicate(from: string, to: string): Promise<Result<void>>;
  /** Answers with the bytes that became free; a file that is gone already frees none. `busy` while it is open. */
  delete(file: string): Promise<Result<number>>;
  /** Makes the folder that a file is to lie in, with those above it. */
  makeFolderOf(file: string): Promise<Result<void>>;
  /** Whether its folder is there: where it is not, nobody can say whether the file is gone or its drive is away. */
  isReachable(file: string): Promise<boolean>;
  /** `not-found` when there is none. */
  stateOf(file: string): Promise<Result<FileState>>;
  /** What the image says its content is called; null where it has no name, or had it before it changed. */
  contentStampOf(file: string): Promise<Result<ContentStamp | null>>;
  /** The images in a folder, with their paths; none where there is no folder. */
  list(folder: string): Promise<Result<string[]>>;
}

export const imageFiles: ImageFiles = {
  create: createOverlay,
  duplicate: duplicateFile,
  delete: deleteImage,
  makeFolderOf,
  isReachable,
  stateOf,
  contentStampOf,
  list: listImages,
};

async function duplicateFile(from: string, to: string): Promise<Result<void>> {
  try {
    await fs.promises.mkdir(path.dirname(to), { recursive: true });
    if (await tryLink(from, to)) return await syncFolder(path.dirname(to));
    await fs.promises.copyFile(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    await syncFile(to);
    return await syncFolder(path.dirname(to));
  } catch (error) {
    return failureFromSystem(error, `Could not copy '${from}' to '${to}'`);
  }
}

/** Within one file system a second name is all that is needed. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await fs.promises.link(from, to);
    return true;
  } catch (error) {
    const { errno } = failureFromSystem(error, '').failure;
    if (errno === 'EEXIST' || errno === 'ENOENT' || errno === 'ENOSPC') throw error;
    return false;
  }
}

async function deleteImage(file: string): Promise<Result<number>> {
  const state = await stateOf(file);
  if (!state.ok) return state.failure.code === 'not-found' ? ok(0) : state;
  const lock = lockImage(file, 'allowed');
  if (!lock.ok) return lock;
  try {
    await fs.promises.rm(packFileOf(file), { force: true });
    await fs.promises.unlink(file);
    return ok(state.value.spaceBytes);
  } catch (error) {
    return failureFromSystem(error, `Could not delete '${file}'`);
  } finally {
    lock.value();
  }
}

async function makeFolderOf(file: string): Promise<Result<void>> {
  try {
    await fs.promises.mkdir(path.dirname(file), { recursive: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not make the folder '${path.dirname(file)}'`);
  }
}

async function isReachable(file: string): Promise<boolean> {
  try {
    await fs.promises.stat(path.dirname(file));
    return true;
  } catch (error) {
    return failureFromSystem(error, '').failure.errno !== 'ENOENT';
  }
}

async function stateOf(file: string): Promise<Result<FileState>> {
  try {
    const stat = await fs.promises.stat(file);
    if (!stat.isFile()) return err('invalid-argument', `'${file}' is not a regular file`);
    // What another name still holds is not freed.
    const spaceBytes = stat.nlink > 1 ? 0 : stat.blocks * 512;
    return ok({ lengthBytes: stat.size, modifiedMs: stat.mtimeMs, spaceBytes });
  } catch (error) {
    return failureFromSystem(error, `Could not find '${file}'`);
  }
}

async function contentStampOf(file: string): Promise<Result<ContentStamp | null>> {
  const opened = NodeFile.open(file, { readOnly: true });
  if (!opened.ok) return opened;
  const found = await readHeader(opened.value);
  const stamp = found.ok ? await readContentStamp(opened.value, found.value.header) : found;
  await opened.value.close();
  return stamp;
}

async function listImages(folder: string): Promise<Result<string[]>> {
  try {
    const names = await fs.promises.readdir(folder);
    return ok(names.filter((name) => name.endsWith('.qed')).map((name) => path.join(folder, name)));
  } catch (error) {
    const failed = failureFromSystem(error, `Could not list '${folder}'`);
    return failed.failure.code === 'not-found' ? ok([]) : failed;
  }
}

import { DONE, type Result } from '../../../../shared/result.ts';
import { FileFilter } from '../../../block/file-filter.ts';

/** A file whose syncs do nothing: what `-t unsafe` asks for, and what `convert` does unless told otherwise. */
export class UnsyncedFile extends FileFilter {
  override async sync(): Promise<Result<void>> {
    return DONE;
  }
}

import { because, DONE, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import type { ImageChain } from '../../storage/chain/image-chain.ts';
import type { OverlayUse } from '../../storage/overlays/create-overlay.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import { deletePassing, noteMaking } from '../../catalog/passing-files.ts';

export interface NewOverlay {
  readonly kind: 'overlay';
  readonly path: string;
  readonly backing: ImageChain;
  readonly lengthBytes: number;
  readonly use: OverlayUse;
  /** The name of what lies behind it, for a saved state to find it again. */
  readonly contentStamp: ContentStamp | null;
}

/** Of a file that is never written again. */
export interface NewCopy {
  readonly kind: 'copy';
  readonly path: string;
  readonly from: string;
}

export type NewFile = NewOverlay | NewCopy;

/**
 * Creates files together with the rows that name them: all or none, whenever the program is killed. The files are
 * written down first; `enter` runs in the transaction that crosses them out.
 */
export async function createFiles(
  parts: { readonly catalog: Catalog; readonly files: ImageFiles; readonly nowMs: () => number },
  wanted: readonly NewFile[],
  enter: (tables: Tables) => void,
): Promise<Result<void>> {
  const { catalog, files } = parts;
  const paths = wanted.map(({ path }) => path);
  const begun = await noteMaking(parts, paths);
  if (!begun.ok) return begun;
  const created = await createAll(files, wanted);
  const entered = created.ok
    ? catalog.change((tables) => {
        enter(tables);
        tables.passingFiles.remove(paths);
      })
    : created;
  if (entered.ok) return DONE;
  const undone = await deletePassing(catalog, files, paths);
  return undone.ok ? entered : because(entered.failure.message, undone);
}

async function createAll(files: ImageFiles, wanted: readonly NewFile[]): Promise<Result<void>> {
  for (const file of wanted) {
    const created = await (file.kind === 'copy'
      ? files.duplicate(file.from, file.path)
      : files.create({ location: file.path, format: 'qed', backing: file.backing }, file.lengthBytes, {
          use: file.use,
          contentStamp: file.contentStamp,
        }));
    if (!created.ok) return created;
  }
  return DONE;
}

import { because, DONE, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { ImageChain } from '../../storage/chain/image-chain.ts';
import type { OverlayUse } from '../../storage/overlays/create-overlay.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import { deletePassing } from '../disks/passing-files.ts';

export interface NewOverlay {
  readonly path: string;
  readonly backing: ImageChain;
  readonly lengthBytes: number;
  readonly use: OverlayUse;
}

/**
 * Creates overlays together with the rows that name them: all or none, whenever the program is killed. The files are
 * written down first; `enter` runs in the transaction that crosses them out.
 */
export async function createOverlays(
  parts: { readonly catalog: Catalog; readonly files: ImageFiles; readonly nowMs: () => number },
  overlays: readonly NewOverlay[],
  enter: (tables: Tables) => void,
): Promise<Result<void>> {
  const { catalog, files, nowMs } = parts;
  const paths = overlays.map(({ path }) => path);
  const begun = catalog.change(({ passingFiles }) => passingFiles.add(paths, 'making', nowMs()));
  if (!begun.ok) return begun;
  const created = await createFiles(files, overlays);
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

async function createFiles(files: ImageFiles, overlays: readonly NewOverlay[]): Promise<Result<void>> {
  for (const { path, backing, lengthBytes, use } of overlays) {
    const overlay = { location: path, format: 'qed', backing } as const;
    const created = await files.create(overlay, lengthBytes, use);
    if (!created.ok) return created;
  }
  return DONE;
}

import type { PublishedMaster } from '../../../shared/master.ts';
import type { Range } from '../../block/range.ts';
import type { CheckReport, Repair } from '../../qed/check.ts';
import type { ImageFormat } from '../chain/location.ts';
import type { MapCell } from './cluster-map.ts';
import type { WholeImage } from '../download/fetch-image.ts';
import type { ExportRequest } from './export-image.ts';
import type { ImageFacts } from './inspect-image.ts';
import type { Survey } from './survey.ts';

/** What an image worker can be asked: name, argument and answer. */
export interface ImageTaskTypes {
  survey: {
    argument: { path: string; sourceBytes: number; boot: readonly Range[] | null };
    /** With how long it took, in milliseconds: waiting for its turn is not counted. */
    answer: Survey & { readonly tookMs: number };
  };
  map: { argument: { path: string; cells: number; sourceBytes: number }; answer: MapCell[] };
  inspect: { argument: { path: string; format: ImageFormat }; answer: ImageFacts };
  check: { argument: { path: string; repair: Repair }; answer: CheckReport };
  /** See `fetchBootProfile`. */
  bootProfile: { argument: PublishedMaster; answer: readonly Range[] | null };
  export: { argument: ExportRequest; answer: void };
  /** See `fetchState`. */
  fetchState: {
    argument: {
      published: PublishedMaster;
      file: string;
      /** Memory of the bucket it has to draw on. */
      globalLimit: SharedArrayBuffer;
      connections: number;
    };
    answer: void;
  };
  /** See `fetchImage`. */
  fetchImage: {
    argument: {
      image: WholeImage;
      file: string;
      /** Memory of the bucket it has to draw on. */
      globalLimit: SharedArrayBuffer;
      connections: number;
    };
    answer: void;
  };
}

export type ImageTask = keyof ImageTaskTypes;

import type { Range } from '../../block/range.ts';
import type { CheckReport } from '../../qed/check.ts';
import type { ImageFormat } from '../chain/location.ts';
import type { MapCell } from './cluster-map.ts';
import type { ExportRequest } from './export-image.ts';
import type { ImageFacts } from './inspect-image.ts';
import type { Survey } from './survey.ts';

/** What an image worker can be asked: name, argument and answer. */
export interface ImageTaskTypes {
  survey: {
    argument: { path: string; sourceBytes: number; boot: readonly Range[] | null };
    answer: Survey;
  };
  map: { argument: { path: string; cells: number; sourceBytes: number }; answer: MapCell[] };
  inspect: { argument: { path: string; format: ImageFormat }; answer: ImageFacts };
  check: { argument: { path: string; repair: boolean }; answer: CheckReport };
  export: { argument: ExportRequest; answer: void };
}

export type ImageTask = keyof ImageTaskTypes;

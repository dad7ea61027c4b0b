import type { Row } from './measure/row.ts';
import type { Tool, Toolbox } from './qemu/toolbox.ts';
import type { Children } from './workshop/children.ts';
import type { Masters } from './workshop/masters.ts';
import type { Workshop } from './workshop/workshop.ts';

/** What a case works with. */
export interface Bench {
  readonly rounds: number;
  /** Sizes and times are cut down: the figures say that it works, not how fast it is. */
  readonly quick: boolean;
  /** False when tools of the other side are missing: only ours is measured. */
  readonly withQemu: boolean;
  readonly children: Children;
  readonly tools: Toolbox;
  readonly workshop: Workshop;
  readonly masters: Masters;
}

/** One thing that is compared. */
export interface BenchCase {
  /** What it is called on the command line. */
  readonly name: string;
  readonly title: string;
  /** What exactly each side is: program, client, cache mode. */
  readonly sides: {
    readonly ours: string;
    /** Null where there is nothing to compare with. */
    readonly qemu: string | null;
  };
  readonly needs: readonly Tool[];
  /** It takes so long that it is left out unless it is asked for by name. */
  readonly onlyByName?: boolean;
  run(bench: Bench): Promise<readonly Row[]>;
}

import type { Result } from '../../../shared/result.ts';

/** Numbers of one measurement, by name. */
export type Figures = Readonly<Record<string, number>>;

export type Measure = () => Promise<Result<Figures>>;

/** One side's rounds; null where a round failed. */
export interface Side {
  readonly rounds: readonly (Figures | null)[];
  readonly failures: readonly string[];
}

export interface Duel {
  readonly ours: Side;
  /** Null when QEMU could not take part. */
  readonly qemu: Side | null;
}

class Recorder implements Side {
  readonly rounds: (Figures | null)[] = [];
  readonly failures: string[] = [];
  readonly #measure: Measure;

  constructor(measure: Measure) {
    this.#measure = measure;
  }

  async round(): Promise<void> {
    const measured = await this.#measure();
    this.rounds.push(measured.ok ? measured.value : null);
    if (!measured.ok) this.failures.push(measured.failure.message);
  }
}

/**
 * Measures both sides in turn, ours first: what else the machine does meanwhile hits both alike, so the ratio of a
 * round means more than either figure.
 */
export async function interleave(rounds: number, ours: Measure, qemu: Measure | null): Promise<Duel> {
  const sides = { ours: new Recorder(ours), qemu: qemu && new Recorder(qemu) };
  for (let round = 0; round < rounds; round++) {
    await sides.ours.round();
    await sides.qemu?.round();
  }
  return sides;
}

/** One figure of a side, round by round. */
export function figureOf(side: Side | null, name: string): (number | null)[] {
  return (side?.rounds ?? []).map((figures) => figures?.[name] ?? null);
}

import type { Duel } from './interleave.ts';
import { figureOf } from './interleave.ts';
import { summarise, type Summary } from './statistics.ts';

export type Unit = 'MiB/s' | 'IOPS' | 'µs' | 'ms' | 'MiB' | 's' | 'frames/s' | '% of a core';

export type Verdict =
  | 'met'
  | 'missed'
  /** No target was set. */
  | 'none'
  /** There was nothing to compare with. */
  | 'open';

/** One line of the result. */
export interface Row {
  readonly label: string;
  readonly unit: Unit;
  readonly ours: Summary | null;
  readonly qemu: Summary | null;
  /** How many times better ours was, round by round; what the target is about may differ, see `target`. */
  readonly ratio: Summary | null;
  readonly target: string;
  readonly verdict: Verdict;
  /** What the verdict was reached by, where that is not the ratio. */
  readonly judged: string;
  /** Why rounds failed, one message each. */
  readonly failures: { readonly ours: readonly string[]; readonly qemu: readonly string[] };
  readonly samples: { readonly ours: readonly (number | null)[]; readonly qemu: readonly (number | null)[] };
}

export type Target =
  /** At least so many times better than QEMU. */
  | { readonly kind: 'against-qemu'; readonly atLeast: number }
  /** Our figure at most so many times another of our own figures of the same round. */
  | {
      readonly kind: 'against-own';
      readonly atMost: number;
      readonly of: string;
      readonly reference: readonly (number | null)[];
    }
  /** A figure that must not be exceeded, or must be reached, by itself. */
  | { readonly kind: 'bound'; readonly better: 'higher' | 'lower'; readonly bound: number };

export interface RowSpec {
  readonly label: string;
  readonly unit: Unit;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  readonly target?: Target;
}

export function rowOf(duel: Duel, spec: RowSpec): Row {
  const ours = figureOf(duel.ours, spec.figure);
  const qemu = figureOf(duel.qemu, spec.figure);
  const ratio = summarise(
    pairs(ours, qemu).map(([mine, theirs]) => (spec.better === 'higher' ? mine / theirs : theirs / mine)),
  );
  return {
    label: spec.label,
    unit: spec.unit,
    ours: summarise(known(ours)),
    qemu: summarise(known(qemu)),
    ratio,
    ...judge(spec.target, ratio, ours),
    failures: { ours: duel.ours.failures, qemu: duel.qemu?.failures ?? [] },
    samples: { ours, qemu },
  };
}

function judge(
  target: Target | undefined,
  ratio: Summary | null,
  ours: readonly (number | null)[],
): Pick<Row, 'target' | 'verdict' | 'judged'> {
  if (target === undefined) return { target: '', verdict: 'none', judged: '' };
  if (target.kind === 'against-qemu') {
    const verdict = ratio === null ? 'open' : ratio.median >= target.atLeast ? 'met' : 'missed';
    return { target: `>= ${target.atLeast}x QEMU`, verdict, judged: '' };
  }
  if (target.kind === 'bound') return judgeBound(target, summarise(known(ours)));
  const own = summarise(pairs(ours, target.reference).map(([mine, reference]) => mine / reference));
  return {
    target: `<= ${target.atMost}x ${target.of}`,
    verdict: own === null ? 'open' : own.median <= target.atMost ? 'met' : 'missed',
    judged: own === null ? '' : `${own.median.toFixed(2)}x`,
  };
}

function judgeBound(
  { better, bound }: Extract<Target, { kind: 'bound' }>,
  ours: Summary | null,
): Pick<Row, 'target' | 'verdict' | 'judged'> {
  const isMet = ours !== null && (better === 'higher' ? ours.median >= bound : ours.median <= bound);
  return {
    target: `${better === 'higher' ? '>=' : '<='} ${bound}`,
    verdict: ours === null ? 'open' : isMet ? 'met' : 'missed',
    judged: '',
  };
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function pairs(left: readonly (number | null)[], right: readonly (number | null)[]): [number, number][] {
  return left.flatMap((value, round): [number, number][] => {
    const other = right[round] ?? null;
    return value === null || other === null ? [] : [[value, other]];
  });
}

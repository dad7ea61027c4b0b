import type { CheckReport } from '../qed/check.ts';

/** What windows show of a check. */
export interface CheckSummary {
  readonly corruptions: number;
  readonly corruptionsFixed: number;
  readonly leaks: number;
  readonly leaksFixed: number;
  /** By how much the file became shorter. */
  readonly freedBytes: number;
  readonly summary: string;
}

export function summariseCheck(report: CheckReport, freedBytes: number): CheckSummary {
  const { corruptions, corruptionsFixed, leaks, leaksFixed, checkErrors } = report;
  const said = [
    corruptions > 0 && `${corruptions} errors`,
    corruptionsFixed > 0 && `${corruptionsFixed} errors were repaired`,
    leaks > 0 && `${leaks} clusters are not used by anything, which is harmless`,
    leaksFixed > 0 && `${leaksFixed} unused clusters were freed`,
    checkErrors > 0 && `${checkErrors} tables could not be read`,
  ].filter((part) => part !== false);
  const summary = said.length === 0 ? 'No errors were found.' : `${said.join('; ')}.`;
  return { corruptions, corruptionsFixed, leaks, leaksFixed, freedBytes, summary };
}

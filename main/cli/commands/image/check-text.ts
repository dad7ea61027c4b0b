import type { CheckReport } from '../../../qed/check.ts';
import { fixed } from '../../output/c-number.ts';
import { qemuJson } from '../../output/qemu-json.ts';

export function repairedText({ leaksFixed, corruptionsFixed }: CheckReport): string {
  return (
    `The following inconsistencies were found and repaired:\n\n    ${leaksFixed} leaked clusters\n` +
    `    ${corruptionsFixed} corruptions\n\nDouble checking the fixed image now...\n`
  );
}

export function checkText(report: CheckReport): string {
  const { corruptions, leaks, checkErrors, allocatedClusters, totalClusters, fragmentedClusters } = report;
  const problems =
    (corruptions > 0
      ? `\n${corruptions} errors were found on the image.\n` +
        `Data may be corrupted, or further writes to the image may corrupt it.\n`
      : '') +
    (leaks > 0
      ? `\n${leaks} leaked clusters were found on the image.\n` +
        `This means waste of disk space, but no harm to data.\n`
      : '') +
    (checkErrors > 0 ? `\n${checkErrors} internal errors have occurred during the check.\n` : '');
  const share = (part: number, whole: number) => `${fixed((part / whole) * 100, 2)}%`;
  const use =
    totalClusters > 0 && allocatedClusters > 0
      ? `${allocatedClusters}/${totalClusters} = ${share(allocatedClusters, totalClusters)} allocated, ` +
        `${share(fragmentedClusters, allocatedClusters)} fragmented, 0.00% compressed clusters\n`
      : '';
  return (problems || 'No errors were found on the image.\n') + use;
}

/** Counts that are zero are left out, as QEMU does, but for the errors of the check itself. */
export function checkJson(filename: string, report: CheckReport): string {
  const counts = {
    'total-clusters': report.totalClusters,
    corruptions: report.corruptions,
    'corruptions-fixed': report.corruptionsFixed,
    leaks: report.leaks,
    'leaks-fixed': report.leaksFixed,
    'allocated-clusters': report.allocatedClusters,
    'fragmented-clusters': report.fragmentedClusters,
  };
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  return `${qemuJson({ filename, format: 'qed', 'check-errors': report.checkErrors, ...present })}\n`;
}

import type { Finding } from '../diagnostics/findings.ts';

export type CheckResult = 'ok' | 'problem' | 'skipped';

/** One thing that the command `doctor` looked at, or could not look at. */
export interface Check {
  readonly subject: string;
  readonly result: CheckResult;
  /** What was there, or why it was skipped. */
  readonly detail: string;
  readonly findings: readonly Finding[];
}

export function checked(subject: string, detail: string, findings: readonly Finding[] = []): Check {
  const isProblem = findings.some(({ severity }) => severity === 'warning');
  return { subject, result: isProblem ? 'problem' : 'ok', detail, findings };
}

/** @param findings notes that stand beside it */
export function skippedCheck(subject: string, reason: string, findings: readonly Finding[] = []): Check {
  return { subject, result: 'skipped', detail: reason, findings };
}

/** The findings of all checks, each once. */
export function findingsOf(checks: readonly Check[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const finding of checks.flatMap((check) => check.findings))
    findings.set(`${finding.code}\n${finding.message}`, finding);
  return [...findings.values()];
}

import type { Finding, ProjectFindingCode } from '../diagnostics/findings.ts';

export interface Check {
  readonly subject: string;
  /** `note`: nothing is wrong for certain, but there are notes. */
  readonly result: 'ok' | 'note' | 'problem' | 'skipped';
  /** What was found, or why the check was skipped. */
  readonly detail: string;
  readonly findings: readonly Finding[];
}

export function checked(subject: string, detail: string, findings: readonly Finding[] = []): Check {
  const withFindings = findings.some(isProblem) ? 'problem' : 'note';
  return { subject, result: findings.length > 0 ? withFindings : 'ok', detail, findings };
}

export function skippedCheck(subject: string, reason: string): Check {
  return { subject, result: 'skipped', detail: reason, findings: [] };
}

/** A finding about something that keeps traces from being recorded or sent. */
export function problem(code: ProjectFindingCode, message: string, action: string): Finding {
  return { code, severity: 'warning', message, action };
}

export function remark(code: ProjectFindingCode, message: string, action: string): Finding {
  return { code, severity: 'information', message, action };
}

export function isProblem({ severity }: Finding): boolean {
  return severity === 'warning';
}

/** Drops duplicates. */
export function findingsOf(checks: readonly Check[]): Finding[] {
  return distinct(checks.flatMap(({ findings }) => findings));
}

export function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

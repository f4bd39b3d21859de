import type { Finding, ProjectFindingCode } from '../diagnostics/findings.ts';
import { escapeControlCharacters, terminalSafe } from '../util/terminal-safe.ts';
import type { TextStream } from '../util/text-stream.ts';
import { NAME, VERSION } from '../util/version.ts';

export type CheckResult = 'ok' | 'problem' | 'skipped';

/** Something that the command `doctor` examined, or had to skip. */
export interface Check {
  readonly subject: string;
  readonly result: CheckResult;
  /** What was found, or why the check was skipped. */
  readonly detail: string;
  readonly findings: readonly Finding[];
}

export function checked(subject: string, detail: string, findings: readonly Finding[] = []): Check {
  const isProblem = findings.some(({ severity }) => severity === 'warning');
  return { subject, result: isProblem ? 'problem' : 'ok', detail, findings };
}

/** @param findings notes to report although the check was skipped */
export function skippedCheck(subject: string, reason: string, findings: readonly Finding[] = []): Check {
  return { subject, result: 'skipped', detail: reason, findings };
}

/** A finding about something that keeps traces from being recorded or sent. */
export function problem(code: ProjectFindingCode, message: string, action: string): Finding {
  return { code, severity: 'warning', message, action };
}

/** An informational finding: worth knowing, but not a problem. */
export function remark(code: ProjectFindingCode, message: string, action: string): Finding {
  return { code, severity: 'information', message, action };
}

/** The findings of all checks, without duplicates. */
export function findingsOf(checks: readonly Check[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const finding of checks.flatMap((check) => check.findings))
    findings.set(`${finding.code}\n${finding.message}`, finding);
  return [...findings.values()];
}

/**
 * The maximum length of a line. Lines quote commands, versions and options, which come from outside and may be long.
 */
const MAX_LINE_LENGTH = 4_000;
const RESULT_WIDTH = 'skipped'.length;

/** Prints one line for each check, then the findings (problems first), and then how many there are. */
export function printChecks(checks: readonly Check[], output: TextStream): void {
  const lines = checks.map(
    ({ subject, result, detail }) => `${result.padEnd(RESULT_WIDTH)}  ${safeLine(`${subject}: ${detail}`)}\n`,
  );
  const findings = findingsOf(checks);
  const problems = findings.filter(({ severity }) => severity === 'warning');
  const notes = findings.filter(({ severity }) => severity !== 'warning');
  const blocks = [...problems, ...notes].map(
    ({ code, severity, message, action }) =>
      `${severity === 'warning' ? 'problem' : 'note'} ${code}\n  ${safeLine(message)}\n  → ${safeLine(action)}\n`,
  );
  const skipped = checks.filter(({ result }) => result === 'skipped').length;
  const summary = `${counted(problems.length, 'problem')}, ${counted(notes.length, 'note')}; ${skipped} of ${counted(checks.length, 'check')} skipped.\n`;
  output.write([`${NAME} ${VERSION}\n`, lines.join(''), ...blocks, summary].join('\n'));
}

/** Prints the checks and their findings as JSON, for programs to read. */
export function printJson(checks: readonly Check[], output: TextStream): void {
  const report = {
    version: VERSION,
    checks: checks.map(({ subject, result, detail }) => ({ subject, result, detail })),
    findings: findingsOf(checks),
  };
  const lines = JSON.stringify(report, null, 2).split('\n').map(escapeControlCharacters);
  output.write(`${lines.join('\n')}\n`);
}

/** A count with its noun: `1 note`, `2 notes`. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function safeLine(text: string): string {
  return terminalSafe(text, MAX_LINE_LENGTH);
}

import type { Finding } from '../diagnostics/finding.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { NAME, VERSION } from '../util/version.ts';

/** Characters of a line: findings quote versions and options, which others have written. */
const MAX_LINE_LENGTH = 4_000;

/**
 * Prints findings for people to read, warnings first.
 *
 * @returns the exit code: 1 when there is a warning
 */
export function printFindings(
  findings: readonly Finding[],
  output: { write(text: string): unknown },
): number {
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const others = findings.filter(({ severity }) => severity !== 'warning');
  const blocks = [...warnings, ...others].map(
    ({ code, severity, message, action }) =>
      `${severity} ${code}\n  ${terminalSafe(message, MAX_LINE_LENGTH)}\n  → ${terminalSafe(action, MAX_LINE_LENGTH)}\n`,
  );
  const summary =
    warnings.length > 0
      ? `${warnings.length} to be put right, ${others.length} to know.`
      : others.length > 0
        ? `Nothing to be put right, ${others.length} to know.`
        : 'All is well.';
  output.write([`${NAME} ${VERSION}\n`, ...blocks, `${summary}\n`].join('\n'));
  return warnings.length > 0 ? 1 : 0;
}

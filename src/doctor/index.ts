import { hasSeenClientClass, noticeOurselves } from '../diagnostics/copies.ts';
import type { Finding } from '../diagnostics/finding.ts';
import { describeFinding } from '../diagnostics/messages.ts';
import { logFinding, noticed } from '../diagnostics/report.ts';
import { thisFile } from '../util/this-file.ts';
import { VERSION } from '../util/version.ts';
import { currentProvider, findMissing } from './open-telemetry.ts';

export type {
  Finding,
  FindingCode,
  ProcessFindingCode,
  ProjectFindingCode,
  Severity,
} from '../diagnostics/finding.ts';

noticeOurselves(thisFile() ?? 'bundled', VERSION);

/**
 * What is wrong, or worth knowing, about how this package is set up in this process: what was noticed so far,
 * and what is missing now. It reads no files and makes no connections; an empty list means that nothing was noticed.
 *
 * ```ts
 * for (const { severity, message, action } of doctor()) console.error(severity, message, action);
 * ```
 *
 * Everything is said through OpenTelemetry's `diag` as well, once, when it is noticed. For a project that is not
 * running there is the command `npx opentelemetry-instrumentation-openai doctor`.
 */
export function doctor(): Finding[] {
  const findings = [
    ...noticed(),
    ...findMissing(currentProvider()),
    ...(hasSeenClientClass() ? [] : [describeFinding('openai_not_seen')]),
  ];
  for (const finding of findings) logFinding(finding);
  return findings;
}

import { hasSeenClientClass, noticeOurselves } from './doctor/copies.ts';
import type { Finding } from './doctor/finding.ts';
import { describeFinding } from './doctor/findings.ts';
import { noticed, say } from './doctor/notice.ts';
import { currentProvider, findMissing } from './doctor/open-telemetry.ts';
import { thisFile } from './this-file.ts';
import { VERSION } from './version.ts';

export type { Finding, FindingCode, Severity } from './doctor/finding.ts';

noticeOurselves(thisFile() ?? 'bundled', VERSION);

/**
 * What is wrong, or worth knowing, about how this package is set up in this process: what was noticed so far,
 * and what is missing now. An empty list says that all is well.
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
  for (const finding of findings) say(finding);
  return findings;
}

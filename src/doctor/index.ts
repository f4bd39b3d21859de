import { hasSeenClientClass, noticeOurselves } from '../diagnostics/copies.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { logFinding, noticed } from '../diagnostics/report.ts';
import { processObserver } from '../pipeline/default-observers.ts';
import { currentProvider, findMissing } from '../pipeline/missing-provider.ts';
import { thisFile } from '../util/optional-packages.ts';
import { readEnvironment } from '../util/variables.ts';
import { VERSION } from '../util/version.ts';
import { describeLargeBatch } from './large-batch.ts';

noticeOurselves(thisFile() ?? 'bundled', VERSION);

/**
 * Returns problems and notes about the setup of this package in this process: what the package noticed so far, and what
 * is missing now. Reads no files and makes no connections. An empty list means that the package noticed nothing.
 *
 * ```ts
 * for (const { severity, message, action } of doctor()) console.error(severity, message, action);
 * ```
 *
 * The package also logs each finding once through OpenTelemetry's `diag`. To check a project that is not running, use
 * `npx opentelemetry-instrumentation-openai doctor`.
 */
export function doctor(): Finding[] {
  const settings = processObserver()?.telemetry.settings;
  const findings = [
    ...noticed(),
    ...findMissing(currentProvider()),
    ...(settings === undefined ? [] : describeLargeBatch(settings, readEnvironment())),
    ...(hasSeenClientClass() ? [] : [describeFinding('openai_not_seen')]),
  ];
  for (const finding of findings) logFinding(finding);
  return findings;
}

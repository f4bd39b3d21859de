import { type OpenAIInstrumentationConfig, resolveSettings, type Settings } from '../config/config.ts';
import { isSwitchedOff } from '../config/environment.ts';
import { unknownOptions, unknownVariables } from '../config/unknown-names.ts';
import { notice } from '../diagnostics/report.ts';
import { hookOfVariables } from '../telemetry/content/hooks-from-variables.ts';
import { guard } from '../util/guard.ts';
import { readEnvironment } from '../util/variables.ts';

/** Also reports what is wrong with the options, and that content is recorded. */
export function readSettings(config: OpenAIInstrumentationConfig): Settings {
  // Asked for first: after a refusal, no other variable is.
  isSwitchedOff();
  const settings = resolveSettings(config, (problem) => notice('option_not_accepted', problem));
  for (const problem of unknownOptions(config)) notice('option_not_accepted', problem);
  const { captureMessageContent } = settings;
  const mode = typeof captureMessageContent === 'function' ? 'by caller' : captureMessageContent;
  if (mode !== 'NO_CONTENT') notice('content_recorded', mode);
  const { maskedKinds, contentFolder } = settings;
  // If neither content is recorded nor a hook called, there is nothing to mask.
  const masks = maskedKinds.length > 0 && (mode !== 'NO_CONTENT' || settings.completionHook !== undefined);
  if (!masks && contentFolder === undefined) return settings;
  return Object.freeze({ ...settings, completionHook: hookOfVariables(settings) });
}

/**
 * Not part of {@link readSettings}, which may be called for each request: listing all variables takes long. Deno would
 * ask its user to allow that.
 */
export function noticeUnknownVariables(): void {
  if (globalThis.process?.versions?.deno !== undefined) return;
  const problems = guard('listing the variables', unknownVariables, readEnvironment());
  for (const problem of problems ?? []) notice('option_not_accepted', problem);
}

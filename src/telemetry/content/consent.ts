import type { Context } from '@opentelemetry/api';
import { CAPTURE_MODES, type ContentConsent, type Settings } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { guard } from '../../util/guard.ts';
import { callerIn } from '../metadata.ts';
import { handleRejection, isInsideHook, runInsideHook } from '../program-hooks.ts';

/**
 * The settings of one operation: where a function of the program decides about content, it has decided. Calls that the
 * function makes have no content, or it would be asked again about each.
 */
export function settingsFor(settings: Settings, context: Context): Settings {
  const { captureMessageContent: consent } = settings;
  if (typeof consent !== 'function') return settings;
  const mode = isInsideHook(context)
    ? undefined
    : guard('the captureMessageContent', decide, consent, context);
  return { ...settings, captureMessageContent: mode ?? 'NO_CONTENT' };
}

function decide(consent: ContentConsent, context: Context): typeof CAPTURE_MODES.fallback | undefined {
  const answer: unknown = runInsideHook(() => consent(callerIn(context)));
  handleRejection('the captureMessageContent', answer);
  const mode = CAPTURE_MODES.parse(answer);
  if (mode === undefined)
    notice(
      'option_not_accepted',
      `option captureMessageContent returns another value than ${CAPTURE_MODES.accepts}. No content is recorded.`,
    );
  return mode;
}

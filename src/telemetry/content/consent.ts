import type { Context } from '@opentelemetry/api';
import { CAPTURE_MODES, type ContentConsent, PERSONAL_FIELDS, type Settings } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { guard } from '../../util/guard.ts';
import { asObject, MAX_RECORDED_DEPTH, setOwn } from '../../util/payload.ts';
import { callerIn } from '../metadata.ts';
import { handleRejection, isInsideHook, runInsideHook } from '../program-hooks.ts';
import { redactedMember, withoutSecrets } from './credentials.ts';
import { plainDataReader } from './plain-data.ts';

/**
 * If `captureMessageContent` is a function, calls it to decide about one operation. Operations inside a hook
 * or inside that function then have no content.
 */
export function settingsFor(settings: Settings, context: Context): Settings {
  const { captureMessageContent: consent } = settings;
  if (typeof consent !== 'function') return settings;
  const mode = isInsideHook(context)
    ? 'NO_CONTENT'
    : (guard('the captureMessageContent', decide, consent, context) ?? 'NO_CONTENT');
  return { ...settings, captureMessageContent: mode, decidedBy: consent, isRefused: mode === 'NO_CONTENT' };
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

/**
 * Fields that other attributes record as content. A `prompt` counts as content only if it is the text of a
 * legacy completion. In Responses, it is an object.
 */
const OWN_CONTENT: readonly string[] = ['messages', 'input', 'instructions', 'tools', 'functions', 'prompt'];
/** Fields that may contain keys, in requests to Azure and to gateways. */
const CREDENTIALS: readonly string[] = ['data_sources', 'api_key', 'api_base', 'headers', 'extra_headers'];

/** How many values of a request are recorded. This limits how long reading the request takes. */
const MAX_REQUEST_VALUES = 10_000;

/**
 * Returns the request body without the fields that other attributes record, without credentials at any depth,
 * and without the fields that identify a person, unless `recordRequest` lists them.
 */
export function restOfRequest(body: unknown, recorded: Settings['recordRequest']): object | undefined {
  const fields = asObject(body);
  if (recorded === false || fields === undefined) return undefined;
  const allowed: readonly string[] = recorded === true ? [] : recorded;
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isLeftOut =
      OWN_CONTENT.includes(name) ||
      CREDENTIALS.includes(name) ||
      redactedMember(fields, name, value) !== undefined ||
      (PERSONAL_FIELDS.includes(name) && !allowed.includes(name));
    if (!isLeftOut || (name === 'prompt' && typeof value === 'object' && !Array.isArray(value)))
      setOwn(rest, name, value);
  }
  const read = plainDataReader(withoutSecrets, MAX_REQUEST_VALUES, MAX_RECORDED_DEPTH, redactedText);
  return asObject(read(rest));
}

/** Redacts only texts, because the property `password` of a JSON schema is an object. */
function redactedText(holder: object, name: string, value: unknown): string | undefined {
  return typeof value === 'string' ? redactedMember(holder, name, value) : undefined;
}

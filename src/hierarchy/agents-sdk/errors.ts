import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { type Failure, readFailure } from '../../telemetry/error.ts';
import { field, row, textField } from '../../util/payload.ts';

/** The library's own words for some errors, and the class that it throws. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  'Guardrail tripwire triggered': 'GuardrailTripwireTriggered',
  'Max turns exceeded': 'MaxTurnsExceededError',
  'Multiple handoffs requested': 'MultipleHandoffsRequested',
  'Handoff agent not found': 'ModelBehaviorError',
};

/** An error as text begins with its class: `TypeError: …`. What else stands before a colon may be content. */
const NAMED_ERROR = /^([A-Z][A-Za-z0-9]{0,50}(?:Error|Exception|Triggered)|Error):/;

/**
 * Reads the error of a trace or span. The library keeps it as texts, which may quote the input.
 *
 * @param thrown the error itself, where it is known
 * @param withText whether the library gives its sensitive data
 */
export function readAgentsFailure(error: unknown, thrown: unknown, withText: boolean): Failure | undefined {
  if (thrown !== undefined) return readFailure(thrown);
  if (typeof error !== 'object' || error === null) return undefined;
  const message = textField(error, 'message');
  const text = textField(field(error, 'data'), 'error');
  const type = row(ERROR_TYPES, message) ?? NAMED_ERROR.exec(text ?? '')?.[1] ?? ERROR_TYPE_VALUE_OTHER;
  return { type, message: withText ? (text ?? message) : undefined };
}

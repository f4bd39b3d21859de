import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { type Failure, readFailure } from '../../telemetry/error.ts';
import { field, type PayloadObject, row, textField } from '../../util/payload.ts';

/** What the library says of some errors, and the class that it throws for them. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  'Error running tool': 'ToolCallError',
  'Error running tool (non-fatal)': 'ToolCallError',
  'Guardrail tripwire triggered': 'GuardrailTripwireTriggered',
  'Max turns exceeded': 'MaxTurnsExceededError',
  'Multiple handoffs requested': 'MultipleHandoffsRequested',
  'Handoff agent not found': 'ModelBehaviorError',
};

/** Of the text that tells after how long a tool timed out. */
const MAX_DURATION_LENGTH = 20;

/** What it says of a tool that a person has refused. */
const REJECTED = /^Tool execution for \S+ was manually rejected by user\.$/;

/** An error as text begins with its class: `TypeError: …`. What else stands before a colon may be content. */
const NAMED_ERROR = /^([A-Z][A-Za-z0-9]{0,50}(?:Error|Exception|Triggered)|Error):/;

/**
 * Reads the error of a trace or span. The library keeps it as texts, which may quote the input.
 *
 * @param thrown the error itself, where it is known
 * @param withText whether the library gives its sensitive data
 */
export function readAgentsFailure(error: unknown, thrown: unknown, withText: boolean): Failure | undefined {
  if (thrown !== undefined) {
    const failure = readFailure(thrown);
    return withText ? failure : { ...failure, message: undefined };
  }
  if (typeof error !== 'object' || error === null) return undefined;
  const message = textField(error, 'message');
  const text = textField(field(error, 'data'), 'error');
  const type = typeOfText(text) ?? row(ERROR_TYPES, message) ?? ERROR_TYPE_VALUE_OTHER;
  return { type, message: withText ? (text ?? message) : undefined };
}

/**
 * The error of a tool that took too long: the library gives the model a sentence as its result, unless the program words
 * that itself. Without the library's sensitive data, nothing tells.
 */
export function readTimeout(data: PayloadObject): Failure | undefined {
  const message = textField(data, 'output');
  const begins = message?.startsWith(`Tool '${textField(data, 'name')}' timed out after `);
  return begins && /\d+ms\.$/.test(message?.slice(-MAX_DURATION_LENGTH) ?? '')
    ? { type: 'ToolTimeoutError', message }
    : undefined;
}

function typeOfText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return REJECTED.test(text) ? 'ToolCallRejected' : NAMED_ERROR.exec(text)?.[1];
}

/** The types that tell nothing of what went wrong. */
const GENERIC: ReadonlySet<string> = new Set(['Error', ERROR_TYPE_VALUE_OTHER]);

/** An agent that fails since its model could not be called has the error of that call, which the library does not name. */
export function morePrecise(failure: Failure | undefined, known: Failure | undefined): Failure | undefined {
  return failure !== undefined && known !== undefined && GENERIC.has(failure.type)
    ? { ...failure, type: known.type }
    : failure;
}

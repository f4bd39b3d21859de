import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { type Failure, readFailure } from '../../telemetry/outcomes/failure.ts';
import {
  CANCELLED_TOOL,
  DENIED_TOOL,
  failedTool,
  REFUSED_TOOL,
  readToolOutcome,
  type ToolOutcome,
} from '../../telemetry/outcomes/tool-outcome.ts';
import { arrayField, field, type PayloadObject, row, textField } from '../../util/payload.ts';

/** What the library says of some errors, and the class that it throws for them. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  'Error running tool': 'ToolCallError',
  'Error running tool (non-fatal)': 'ToolCallError',
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

function typeOfText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : NAMED_ERROR.exec(text)?.[1];
}

/** The types that tell nothing of what went wrong. */
const GENERIC: ReadonlySet<string> = new Set(['Error', ERROR_TYPE_VALUE_OTHER]);

/** An agent that fails since its model could not be called has the error of that call, which the library does not name. */
export function morePrecise(failure: Failure | undefined, known: Failure | undefined): Failure | undefined {
  return failure !== undefined && known !== undefined && GENERIC.has(failure.type)
    ? { ...failure, type: known.type }
    : failure;
}

/** What the library says of a tool that a person has refused, and of one that an agent does not have. */
const REJECTED = /^Tool execution for \S+ was manually rejected by user\.$/;
const UNKNOWN_TOOL = /^ModelBehaviorError: Tool (\S+) not found in agent /;

/** What the library gives the model as the result of a tool that has none. */
const UNPARSABLE_RESULT = 'An error occurred while parsing tool arguments. Please try again with valid JSON.';
const ABORTED_RESULT = 'aborted';
const TIMEOUT_RESULT = /^Tool '.{1,128}' timed out after \d{1,16}ms\.$/;

/**
 * The outcome of a tool. Some outcomes show only in what the library gives the model as the result, which it tells only
 * with its sensitive data: the tool took too long, other calls have ended its run, a command of a shell failed.
 *
 * @param failure the error of its span
 */
export function readAgentsToolOutcome(
  data: PayloadObject,
  error: unknown,
  failure: Failure | undefined,
): ToolOutcome | undefined {
  const output = textField(data, 'output') ?? '';
  if (failure === undefined) {
    if (output === ABORTED_RESULT) return CANCELLED_TOOL;
    if (TIMEOUT_RESULT.test(output)) return failedTool({ type: 'ToolTimeoutError', message: output });
    const isShell = arrayField(parseJson(textField(data, 'input')), 'commands').length > 0;
    return isShell ? readToolOutcome({ output: parseJson(output) }) : undefined;
  }
  if (REJECTED.test(textField(field(error, 'data'), 'error') ?? '')) return DENIED_TOOL;
  if (failure.type === 'AbortError') return CANCELLED_TOOL;
  if (failure.type === 'InvalidToolInputError' || output === UNPARSABLE_RESULT) return REFUSED_TOOL;
  const ran = failure.type !== 'ToolInputGuardrailTripwireTriggered';
  return { ...failedTool(failure), ran };
}

/** The name of the tool that an agent does not have and that ended its run. */
export function unknownToolOf(error: unknown): string | undefined {
  return UNKNOWN_TOOL.exec(textField(field(error, 'data'), 'error') ?? '')?.[1];
}

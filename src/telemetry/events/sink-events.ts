import type { Attributes } from '@opentelemetry/api';
import { type Settings, sinkTakesContent } from '../../config/config.ts';
import type {
  CostRecordEvent,
  EventPreset,
  ModelInvokeEvent,
  PolicyViolationEvent,
  SinkEvent,
  SinkEventBase,
  ToolCallEvent,
} from '../../config/sink-event-types.ts';
import {
  ATTR_GEN_AI_AGENT_NAME,
  ATTR_GEN_AI_CONVERSATION_ID,
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_RESPONSE_FINISH_REASONS,
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
  ATTR_GEN_AI_SYSTEM_INSTRUCTIONS,
  ATTR_GEN_AI_TOOL_DEFINITIONS,
  ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_OPENAI_COST,
  ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
  ATTR_OPENAI_RUN_ID,
  ATTR_OPENAI_TOTAL_COST,
  ATTR_OPENAI_TOTAL_INPUT_TOKENS,
  ATTR_OPENAI_TOTAL_OUTPUT_TOKENS,
  ATTR_URL_TEMPLATE,
} from '../../semconv/attributes.ts';
import { cut } from '../../util/cut-text.ts';
import { arrayField, asObject, field } from '../../util/payload.ts';
import { LimitedJson } from '../content/limited-json.ts';
import { isInsideHook } from '../hook-context.ts';
import type { RequestedToolCall } from '../operation.ts';
import type { EndedOperation } from '../spans/ended-operation.ts';
import type { Sink } from './sink.ts';

/** The operations of which the sink receives all. A run counts as a whole, without its steps. */
const SINK_OPERATIONS: ReadonlySet<unknown> = new Set([
  'chat',
  'text_completion',
  'embeddings',
  'invoke_agent',
]);

export interface EndedModelOperation extends EndedOperation {
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** See `OperationTraits`. */
  readonly runsModel: boolean;
  readonly toolCalls: () => readonly RequestedToolCall[];
}

/** Passes the events of a finished operation to the program's sink, if it has one. */
export function emitSinkEvents(sink: Sink, operation: EndedModelOperation, settings: Settings): void {
  const { events } = settings;
  if (events === undefined || isInsideHook(operation.context)) return;
  const { attributes } = operation;
  const sent = SINK_OPERATIONS.has(attributes[ATTR_GEN_AI_OPERATION_NAME])
    ? modelEvents(operation, settings, events.preset)
    : otherEvents(operation, settings);
  for (const event of sent) sink.hand(events.sink, event);
}

function modelEvents(operation: EndedModelOperation, settings: Settings, preset: EventPreset): SinkEvent[] {
  const { attributes } = operation;
  const content = sinkTakesContent(settings) ? (operation.content?.written ?? {}) : undefined;
  const base = baseOf(operation);
  const toolCalls = preset === 'minimal' ? [] : operation.toolCalls();
  return [
    invocation(base, operation, preset, content),
    ...toolCalls.map((call) => toolCall(base, call, content, settings)),
    ...costRecords(base, attributes[ATTR_OPENAI_TOTAL_COST] ?? attributes[ATTR_OPENAI_COST]),
    ...violations(base, operation, settings),
  ];
}

/** Of a model call without a name in the conventions, such as an image, the sink has the cost and the failure. */
function otherEvents(operation: EndedModelOperation, settings: Settings): SinkEvent[] {
  const base = baseOf(operation);
  return [
    ...costRecords(base, operation.attributes[ATTR_OPENAI_COST]),
    ...(operation.runsModel ? violations(base, operation, settings) : []),
  ];
}

/** None if the cost is not known. */
function costRecords(base: SinkEventBase, cost: unknown): CostRecordEvent[] {
  return typeof cost === 'number' ? [{ ...base, type: 'cost.record', cost }] : [];
}

/** The operation, or where the conventions have no name for it, the name of its span. */
function eventOperation(attributes: Attributes): unknown {
  const template = attributes[ATTR_URL_TEMPLATE];
  const name = attributes[ATTR_GEN_AI_OPERATION_NAME];
  // All operations without a path are those of realtime sessions.
  if (name !== undefined || template === undefined) return name ?? 'transcription';
  return `${String(attributes[ATTR_HTTP_REQUEST_METHOD])} ${String(template)}`;
}

function baseOf({ span, attributes, endTime }: EndedModelOperation): SinkEventBase {
  const { traceId, spanId } = span.spanContext();
  return definedMembers({
    time: endTime,
    traceId,
    spanId,
    operation: eventOperation(attributes),
    provider: attributes[ATTR_GEN_AI_PROVIDER_NAME],
    model: attributes[ATTR_GEN_AI_REQUEST_MODEL],
    conversationId: attributes[ATTR_GEN_AI_CONVERSATION_ID],
    runId: attributes[ATTR_OPENAI_RUN_ID],
  });
}

function invocation(
  base: SinkEventBase,
  { attributes, startTime, endTime, failure }: EndedModelOperation,
  preset: EventPreset,
  content: Readonly<Record<string, unknown>> = {},
): ModelInvokeEvent {
  const firstChunk = attributes[ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
  return definedMembers({
    ...base,
    type: 'model.invoke',
    agentName: attributes[ATTR_GEN_AI_AGENT_NAME],
    responseId: attributes[ATTR_GEN_AI_RESPONSE_ID],
    responseModel: attributes[ATTR_GEN_AI_RESPONSE_MODEL],
    systemFingerprint: attributes[ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT],
    finishReasons: attributes[ATTR_GEN_AI_RESPONSE_FINISH_REASONS],
    streamed: attributes[ATTR_GEN_AI_REQUEST_STREAM] === true,
    latency: Math.max(0, endTime - startTime),
    timeToFirstChunk: typeof firstChunk === 'number' ? firstChunk * 1e3 : undefined,
    tokens: eventTokens(attributes),
    error: failure?.type,
    parameters: preset === 'minimal' ? undefined : parametersOf(attributes),
    systemInstructions: content[ATTR_GEN_AI_SYSTEM_INSTRUCTIONS],
    inputMessages: content[ATTR_GEN_AI_INPUT_MESSAGES],
    outputMessages: content[ATTR_GEN_AI_OUTPUT_MESSAGES],
    toolDefinitions: content[ATTR_GEN_AI_TOOL_DEFINITIONS],
  });
}

/** All tokens of the operation. The usage on the span of a run excludes what its steps carry. */
function eventTokens(attributes: Attributes): ModelInvokeEvent['tokens'] {
  const whole = attributes[ATTR_OPENAI_TOTAL_INPUT_TOKENS];
  if (whole !== undefined)
    return definedMembers({ input: whole, output: attributes[ATTR_OPENAI_TOTAL_OUTPUT_TOKENS] });
  if (attributes[ATTR_GEN_AI_USAGE_INPUT_TOKENS] === undefined) return undefined;
  return definedMembers({
    input: attributes[ATTR_GEN_AI_USAGE_INPUT_TOKENS],
    output: attributes[ATTR_GEN_AI_USAGE_OUTPUT_TOKENS],
    cacheRead: attributes[ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS],
    cacheWrite: attributes[ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS],
    reasoning: attributes[ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS],
  });
}

const REQUEST_PARAMETER =
  /^(?:(?:gen_ai|openai)\.request\.(?!model$|stream$|id$)|gen_ai\.(?=output\.type$|prompt\.(?:name|version)$|embeddings\.))(.+)$/;

function parametersOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => {
      const parameter = REQUEST_PARAMETER.exec(name)?.[1];
      return parameter === undefined ? [] : [[parameter, value]];
    }),
  );
}

function toolCall(
  base: SinkEventBase,
  { id, name, type, content: own }: RequestedToolCall,
  content: Readonly<Record<string, unknown>> | undefined,
  settings: Settings,
): ToolCallEvent {
  const event = { ...base, type: 'tool.call', id, name, toolType: type };
  if (content === undefined) return definedMembers(event);
  const parts = arrayField(content, ATTR_GEN_AI_OUTPUT_MESSAGES)
    .flatMap((message) => arrayField(message, 'parts'))
    .filter((part) => id !== undefined && field(part, 'id') === id);
  // With a completion hook, only content that passed the hook may be used.
  const direct = settings.completionHook === undefined ? own : undefined;
  return definedMembers({
    ...event,
    arguments:
      valueIn(parts, 'arguments', 'server_tool_call', 'arguments') ??
      limitedText(direct?.arguments, settings),
    result:
      valueIn(parts, 'response', 'server_tool_call_response', 'result') ??
      limitedText(direct?.result, settings),
  });
}

/** The value in a part of a message. That of a hosted tool has the type of the tool beside its fields, or is wrapped. */
function valueIn(parts: readonly unknown[], key: string, hostedKey: string, wrapKey: string): unknown {
  for (const part of parts) {
    const value = field(part, key) ?? undefined;
    if (value !== undefined) return value;
    const hosted = asObject(field(part, hostedKey));
    if (hosted === undefined) continue;
    const { type: _, ...fields } = hosted;
    return Object.hasOwn(fields, wrapKey) ? fields[wrapKey] : fields;
  }
  return undefined;
}

function limitedText(value: unknown, { maxContentLength, maxSpanContentLength }: Settings): unknown {
  if (value === undefined || value === null) return undefined;
  const json = new LimitedJson(maxContentLength, maxSpanContentLength).write(value);
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}

/** None if the operation did not fail. */
function violations(
  base: SinkEventBase,
  { attributes, failure }: EndedModelOperation,
  settings: Settings,
): PolicyViolationEvent[] {
  if (failure === undefined) return [];
  const maxMessage = sinkTakesContent(settings) ? settings.maxContentLength : 0;
  const event: PolicyViolationEvent = definedMembers({
    ...base,
    type: 'policy.violation',
    error: failure.type,
    status: attributes[ATTR_HTTP_RESPONSE_STATUS_CODE],
    message: cut(failure.message ?? '', maxMessage) || undefined,
  });
  return [event];
}

/** Removes undefined members. The values come from attributes, whose types are known by construction. */
function definedMembers<Shape>(members: Readonly<Record<string, unknown>>): Shape {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Shape;
}

import type { Attributes, Context, Span } from '@opentelemetry/api';
import { contentTargets, type Settings } from '../../config/config.ts';
import type { EventPreset, SinkEvent } from '../../config/sink-event-types.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { cut } from '../../util/cut-text.ts';
import { arrayField, asObject, field, first } from '../../util/payload.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { contentLimits, limitedJson } from '../content/content-writer.ts';
import { withInlineMedia } from '../content/media.ts';
import type { Spent, Usage } from '../cost/usage.ts';
import type { OperationKind, RequestedToolCall } from '../operation.ts';
import type { Failure } from '../outcomes/failure.ts';
import { isInsideHook } from '../program-hooks.ts';
import { handToSink } from './sink.ts';

/** The operations for which the sink gets a `model.invoke` event. A run has one; its steps have none. */
const SINK_OPERATIONS: readonly unknown[] = ['chat', 'text_completion', 'embeddings', 'invoke_agent'];

/** The members of an event. Those that are undefined are left out at the end. */
type Members = Readonly<Record<string, unknown>>;

export interface EndedOperation {
  readonly span: Span;
  /** Contains the operation's span, to which the events belong. */
  readonly context: Context;
  /** All attributes of the span except content. */
  readonly attributes: Attributes;
  readonly failure: Failure | undefined;
  /** What the operation and its parts spent: a run's span lacks the usage of its steps. */
  readonly spent: Pick<Spent, 'usage' | 'cost'>;
  /** The settings when the operation started. Content that they forbid is never recorded. */
  readonly startSettings: Settings;
  readonly operation: OperationKind<unknown, unknown>;
  readonly result: unknown;
  readonly content: ContentRecord | undefined;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  readonly endTime: number;
}

export function emitSinkEvents(ended: EndedOperation, settings: Settings): void {
  const { events } = settings;
  if (events === undefined || isInsideHook(ended.context)) return;
  for (const event of eventsOf(ended, settings, events.preset))
    handToSink(events.sink, definedMembers<SinkEvent>(event));
}

/** Creates an operation's events. Operations outside of `SINK_OPERATIONS` have at most cost and failure. */
function* eventsOf(ended: EndedOperation, settings: Settings, preset: EventPreset): Generator<Members> {
  const { attributes, failure, operation, result, spent } = ended;
  const base = baseOf(ended);
  const isNamed = SINK_OPERATIONS.includes(attributes[ATTR.GEN_AI_OPERATION_NAME]);
  if (isNamed) {
    const content = contentTargets(settings).sink ? (ended.content?.written ?? {}) : undefined;
    yield invocation(base, ended, preset, content);
    const calls = preset === 'minimal' ? [] : (operation.toolCalls?.(result) ?? []);
    for (const call of first(calls)) yield toolCall(base, call, content, settings);
  }
  if (spent.cost !== undefined) yield { ...base, type: 'cost.record', cost: spent.cost };
  if (failure !== undefined && (isNamed || operation.usage !== undefined))
    yield violation(base, attributes, failure, settings);
}

/** The name of the operation or, of other requests that spend something, the HTTP method and the path template. */
function eventOperation(attributes: Attributes): unknown {
  const { [ATTR.HTTP_REQUEST_METHOD]: method, [ATTR.URL_TEMPLATE]: template } = attributes;
  return attributes[ATTR.GEN_AI_OPERATION_NAME] ?? `${String(method)} ${String(template)}`;
}

function baseOf({ span, attributes, endTime }: EndedOperation): Members {
  const { traceId, spanId } = span.spanContext();
  return {
    time: endTime,
    traceId,
    spanId,
    operation: eventOperation(attributes),
    provider: attributes[ATTR.GEN_AI_PROVIDER_NAME],
    model: attributes[ATTR.GEN_AI_REQUEST_MODEL],
    conversationId: attributes[ATTR.GEN_AI_CONVERSATION_ID],
    runId: attributes[ATTR.OPENAI_RUN_ID],
  };
}

function invocation(
  base: Members,
  { attributes, startTime, endTime, failure, spent }: EndedOperation,
  preset: EventPreset,
  content: Members = {},
): Members {
  const firstChunk = attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
  return {
    ...base,
    type: 'model.invoke',
    agentName: attributes[ATTR.GEN_AI_AGENT_NAME],
    responseId: attributes[ATTR.GEN_AI_RESPONSE_ID],
    responseModel: attributes[ATTR.GEN_AI_RESPONSE_MODEL],
    systemFingerprint: attributes[ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT],
    finishReasons: attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS],
    streamed: attributes[ATTR.GEN_AI_REQUEST_STREAM] === true,
    latency: Math.max(0, endTime - startTime),
    timeToFirstChunk: typeof firstChunk === 'number' ? firstChunk * 1e3 : undefined,
    tokens: spent.usage && eventTokens(spent.usage),
    error: failure?.type,
    parameters: preset === 'minimal' ? undefined : parametersOf(attributes),
    systemInstructions: content[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS],
    inputMessages: content[ATTR.GEN_AI_INPUT_MESSAGES],
    outputMessages: content[ATTR.GEN_AI_OUTPUT_MESSAGES],
    toolDefinitions: content[ATTR.GEN_AI_TOOL_DEFINITIONS],
  };
}

function eventTokens(usage: Usage): Members {
  return definedMembers({
    input: usage.known === 'output' ? undefined : usage.inputTokens,
    output: usage.known === 'input' ? undefined : usage.outputTokens,
    cacheRead: usage.cacheReadTokens || undefined,
    cacheWrite: usage.cacheWriteTokens || undefined,
    reasoning: usage.reasoningTokens || undefined,
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
  base: Members,
  { id, name, type, content: own }: RequestedToolCall,
  content: Members | undefined,
  settings: Settings,
): Members {
  const event = { ...base, type: 'tool.call', id, name, toolType: type };
  if (content === undefined) return event;
  const parts = arrayField(content, ATTR.GEN_AI_OUTPUT_MESSAGES)
    .flatMap((message) => arrayField(message, 'parts'))
    .filter((part) => id !== undefined && field(part, 'id') === id);
  // With a completion hook, only content that passed the hook may be used.
  const { completionHook, hideContent } = settings;
  const direct = completionHook === undefined && hideContent === 'none' ? own : undefined;
  return {
    ...event,
    arguments:
      valueIn(parts, 'arguments', 'server_tool_call', 'arguments') ??
      limitedText(direct?.arguments, settings),
    result:
      valueIn(parts, 'response', 'server_tool_call_response', 'result') ??
      limitedText(direct?.result, settings),
  };
}

/**
 * Reads a value from a message's parts. A hosted tool's value is inside an object with the tool's type: under
 * `wrapKey`, or as the object's other fields.
 */
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

function limitedText(value: unknown, settings: Settings): unknown {
  if (value === undefined || value === null) return undefined;
  const limits = contentLimits(settings);
  const json = limitedJson(value, settings.maxSpanContentLength, limits);
  return json === undefined ? undefined : (JSON.parse(withInlineMedia(limits.media, json)) as unknown);
}

function violation(base: Members, attributes: Attributes, failure: Failure, settings: Settings): Members {
  const maxMessage = contentTargets(settings).sink ? settings.maxContentLength : 0;
  return {
    ...base,
    type: 'policy.violation',
    error: failure.type,
    status: attributes[ATTR.HTTP_RESPONSE_STATUS_CODE],
    message: cut(failure.message ?? '', maxMessage) || undefined,
  };
}

/** Removes undefined members. The values come from attributes, whose types are known by construction. */
function definedMembers<Shape>(members: Members): Shape {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Shape;
}

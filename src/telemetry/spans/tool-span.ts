import { type Attributes, type Context, SpanKind } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import { providerAt } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../../semconv/values.ts';
import { LinkedContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { row } from '../../util/payload.ts';
import { beginContent } from '../content/begin-content.ts';
import type { Content } from '../content/completion-hook.ts';
import { type Place, placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { outcomeAttributes, type ToolOutcome } from '../tool-outcome.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';

/** The state of a tool call in one object of the API. */
export interface ToolCallSnapshot {
  readonly id: string;
  /** The type in the API: `function`, `code_interpreter`, `file_search`. */
  readonly type: string;
  /** The name of the function, or else the type. */
  readonly name: string;
  readonly imageCount: number | undefined;
  readonly resultCount: number | undefined;
  readonly fileIds?: readonly string[] | undefined;
  readonly content: ToolCallContent | undefined;
  /** The id of the item, in APIs that have items instead of steps. */
  readonly itemId?: string;
  /** Of the MCP server that it is a tool of. */
  readonly serverLabel?: string | undefined;
  readonly namespace?: string | undefined;
  /** The id of the subagent that the call starts or continues. */
  readonly subagentId?: string;
  /** Whether its result is in the object. */
  readonly hasResult?: boolean;
  readonly outcome?: ToolOutcome | undefined;
}

/** Read only if content is recorded. */
export interface ToolCallContent {
  readonly arguments: unknown;
  readonly result: unknown;
  readonly query: string | undefined;
  readonly documents: readonly unknown[];
}

/** `gen_ai.tool.type` of what runs on the API's side. */
const HOSTED = 'extension';

/** `gen_ai.tool.type` by the API's type. Any other type is hosted, and so is a `shell` that the program did not run. */
const TOOL_TYPES: Readonly<Record<string, string>> = {
  function: 'function',
  custom: 'function',
  computer: 'function',
  local_shell: 'function',
  shell: 'function',
  apply_patch: 'function',
  file_search: 'datastore',
};

/** A finished tool call. */
export interface RecordedToolCall {
  readonly call: ToolCallSnapshot;
  readonly stepId: string | undefined;
  /** The response that asked for the call. */
  readonly responseId?: string | undefined;
  readonly itemId?: string | undefined;
  readonly vectorStoreIds: readonly string[];
  /** Seconds since the program was asked, where an invocation paused in between. */
  readonly waited?: number | undefined;
  /** `undefined` if it succeeded. */
  readonly outcome: ToolOutcome | undefined;
  /** Whether the program ran the tool, so that this process measured its duration. */
  readonly timedHere?: boolean;
  readonly startTime: number;
  readonly endTime: number;
}

/** Records a tool call as `execute_tool {name}` below its invocation; the step's id joins it to its step. */
export function recordToolCall(
  telemetry: Telemetry,
  recorded: RecordedToolCall,
  context: { parent: Context; place: Place; origin: string; startSettings?: Settings },
): void {
  const { call, outcome, startTime, endTime } = recorded;
  const { failure } = outcome ?? {};
  const attributes = { ...toolPlaceAttributes(context.place), ...toolAttributes(recorded) };
  const provider = providerAt(context.origin);
  // The event with the details requires it.
  if (provider !== undefined) attributes[ATTR.GEN_AI_PROVIDER_NAME] = provider;
  const span = startSpan(
    telemetry,
    `execute_tool ${call.name}`,
    { kind: SpanKind.INTERNAL, startTime, attributes },
    context.parent,
  );
  const own = LinkedContext.withSpan(context.parent, span);
  const { startSettings = telemetry.settings } = context;
  const content = beginContent(telemetry, span, own, startSettings);
  if (call.content !== undefined) content?.add(toolCallContent(call.content));
  recordEnd(telemetry, { span, startSettings, context: own, attributes, content, failure, endTime });
  if (recorded.timedHere && outcome?.ran !== false)
    guard('recording metrics', () =>
      telemetry.metrics.recordLocalDuration((endTime - startTime) / 1e3, attributes, failure?.type, own),
    );
  endSpan(span, endTime);
}

/** Records the duration metric of a tool call whose span is recorded later or not at all. */
export function recordToolDuration(
  telemetry: Telemetry,
  call: ToolCallSnapshot,
  agentName: string | undefined,
  { seconds, outcome }: { readonly seconds: number; readonly outcome: ToolOutcome | undefined },
  context: Context,
): void {
  const attributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
    [ATTR.GEN_AI_TOOL_NAME]: call.name,
    [ATTR.GEN_AI_TOOL_TYPE]: toolType(call.type),
  };
  if (agentName !== undefined) attributes[ATTR.GEN_AI_AGENT_NAME] = agentName;
  guard('recording metrics', () =>
    telemetry.metrics.recordLocalDuration(seconds, attributes, outcome?.failure?.type, context),
  );
}

function toolType(type: string): string {
  return row(TOOL_TYPES, type) ?? HOSTED;
}

function toolCallContent({ arguments: given, result, query, documents }: ToolCallContent): Content {
  return {
    toolArguments: given,
    toolResult: result,
    documents,
    parameters: query === undefined ? {} : { [ATTR.GEN_AI_RETRIEVAL_QUERY_TEXT]: query },
  };
}

function toolPlaceAttributes(place: Place): Attributes {
  const { [ATTR.OPENAI_API_TYPE]: _, ...attributes } = placeAttributes(place);
  return attributes;
}

function toolAttributes(recorded: RecordedToolCall): Attributes {
  const { call, stepId, responseId, itemId, vectorStoreIds } = recorded;
  const attributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
    [ATTR.GEN_AI_TOOL_NAME]: call.name,
    [ATTR.GEN_AI_TOOL_CALL_ID]: call.id,
    [ATTR.GEN_AI_TOOL_TYPE]:
      call.type === 'shell' && recorded.timedHere !== true ? HOSTED : toolType(call.type),
    [ATTR.OPENAI_TOOL_TYPE]: call.type,
    ...outcomeAttributes(recorded.outcome),
  };
  if (stepId !== undefined) attributes[ATTR.OPENAI_STEP_ID] = stepId;
  if (responseId !== undefined) attributes[ATTR.GEN_AI_RESPONSE_ID] = responseId;
  if (itemId !== undefined) attributes[ATTR.OPENAI_ITEM_ID] = itemId;
  if (call.serverLabel !== undefined) attributes[ATTR.OPENAI_MCP_SERVER_LABEL] = call.serverLabel;
  if (call.namespace !== undefined) attributes[ATTR.OPENAI_TOOL_NAMESPACE] = call.namespace;
  if (recorded.waited !== undefined) attributes[ATTR.OPENAI_TOOL_WAITED] = recorded.waited;
  if (call.imageCount !== undefined) attributes[ATTR.OPENAI_CODE_INTERPRETER_IMAGE_COUNT] = call.imageCount;
  if (call.resultCount !== undefined) attributes[ATTR.OPENAI_FILE_SEARCH_RESULT_COUNT] = call.resultCount;
  if (call.fileIds?.length) attributes[ATTR.OPENAI_FILE_SEARCH_FILE_IDS] = [...call.fileIds];
  if (call.type === 'file_search' && vectorStoreIds.length > 0)
    attributes[ATTR.OPENAI_FILE_SEARCH_VECTOR_STORE_IDS] = [...vectorStoreIds];
  return attributes;
}

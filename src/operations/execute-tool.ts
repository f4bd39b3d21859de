import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../semconv/values.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { outcomeAttributes, type ToolOutcome } from '../telemetry/outcomes/tool-outcome.ts';
import { row } from '../util/payload.ts';
import { define } from './attributes.ts';

/** What one object of the API, such as a step or an item, shows of a tool call. */
export interface ToolCallSnapshot {
  readonly id: string;
  /** The API's type of the tool, such as `function` or `file_search`. */
  readonly type: string;
  /** The tool's own name, or else the type. */
  readonly name: string;
  readonly imageCount?: number | undefined;
  readonly resultCount?: number | undefined;
  readonly fileIds?: readonly string[] | undefined;
  readonly content: ToolCallContent | undefined;
  /** The id of the item, in APIs that have items instead of steps. */
  readonly itemId?: string | undefined;
  readonly serverLabel?: string | undefined;
  readonly namespace?: string | undefined;
  /** The id of the subagent that the call starts or continues. */
  readonly subagentId?: string;
  /** Whether the object shows that the call has a result. */
  readonly hasResult?: boolean;
  /** `undefined` for success, or if the object does not report it. */
  readonly outcome?: ToolOutcome | undefined;
}

/** Read only if content is recorded. */
export interface ToolCallContent {
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly query?: string | undefined;
  readonly documents?: readonly unknown[];
}

/** The `gen_ai.tool.type` of tools that the API runs itself. */
const HOSTED = 'extension';

/** By the API's type of tool. All others are hosted, and so is a `shell` that the program did not run. */
const TOOL_TYPES: Readonly<Record<string, string>> = {
  function: 'function',
  custom: 'function',
  computer: 'function',
  local_shell: 'function',
  shell: 'function',
  apply_patch: 'function',
  file_search: 'datastore',
};

export interface RecordedToolCall {
  readonly call: ToolCallSnapshot;
  readonly stepId?: string | undefined;
  readonly responseId?: string | undefined;
  readonly vectorStoreIds: readonly string[];
  /** Seconds from the model's request for the function until the program resumed the invocation. */
  readonly waited?: number | undefined;
  /** Whether the program ran the tool, so that this process measured its duration. */
  readonly timedHere?: boolean;
  readonly provider: string | undefined;
  /** The agent of `@openai/agents` whose model asked for the call. Other agents are in the place of the call. */
  readonly agentName?: string | undefined;
}

export const executeTool: OperationKind<RecordedToolCall, RecordedToolCall> = {
  name: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  kind: 'internal',
  scope: 'local',
  subject: ({ call }) => call.name,
  requestAttributes(recorded) {
    const { call, vectorStoreIds, timedHere } = recorded;
    const { type, fileIds } = call;
    const attributes: Attributes = {
      [ATTR.GEN_AI_TOOL_NAME]: call.name,
      [ATTR.GEN_AI_TOOL_CALL_ID]: call.id,
      [ATTR.GEN_AI_TOOL_TYPE]: type === 'shell' && timedHere !== true ? HOSTED : toolTypeOf(type),
      [ATTR.OPENAI_TOOL_TYPE]: type,
      ...outcomeAttributes(call.outcome),
    };
    // The event `gen_ai.client.inference.operation.details` requires this attribute.
    define(attributes, ATTR.GEN_AI_PROVIDER_NAME, recorded.provider);
    define(attributes, ATTR.GEN_AI_AGENT_NAME, recorded.agentName);
    define(attributes, ATTR.OPENAI_STEP_ID, recorded.stepId);
    define(attributes, ATTR.GEN_AI_RESPONSE_ID, recorded.responseId);
    define(attributes, ATTR.OPENAI_ITEM_ID, call.itemId);
    define(attributes, ATTR.OPENAI_MCP_SERVER_LABEL, call.serverLabel);
    define(attributes, ATTR.OPENAI_TOOL_NAMESPACE, call.namespace);
    define(attributes, ATTR.OPENAI_TOOL_WAITED, recorded.waited);
    define(attributes, ATTR.OPENAI_CODE_INTERPRETER_IMAGE_COUNT, call.imageCount);
    define(attributes, ATTR.OPENAI_FILE_SEARCH_RESULT_COUNT, call.resultCount);
    if (fileIds?.length) attributes[ATTR.OPENAI_FILE_SEARCH_FILE_IDS] = [...fileIds];
    if (type === 'file_search' && vectorStoreIds.length > 0)
      attributes[ATTR.OPENAI_FILE_SEARCH_VECTOR_STORE_IDS] = [...vectorStoreIds];
    return attributes;
  },
  content: {
    output: ({ call: { content } }) =>
      content === undefined
        ? {}
        : {
            toolArguments: content.arguments,
            toolResult: content.result,
            documents: content.documents ?? [],
            parameters:
              content.query === undefined ? {} : { [ATTR.GEN_AI_RETRIEVAL_QUERY_TEXT]: content.query },
          },
  },
};

export function toolTypeOf(type: string): string {
  return row(TOOL_TYPES, type) ?? HOSTED;
}

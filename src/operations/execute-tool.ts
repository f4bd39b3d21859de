import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../semconv/values.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { outcomeAttributes, type ToolOutcome } from '../telemetry/outcomes/tool-outcome.ts';
import { row } from '../util/payload.ts';
import { define } from './attributes.ts';

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
  /** Of the server whose model asked for it, if it is known. */
  readonly provider: string | undefined;
}

/** `execute_tool {name}` below its invocation or beside its response, recorded once it has ended. The id of its step joins it to that. */
export const executeTool: OperationKind<RecordedToolCall, RecordedToolCall> = {
  name: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  kind: 'internal',
  scope: 'local',
  spanName: ({ call }) => `${GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL} ${call.name}`,
  requestAttributes(recorded) {
    const { call, vectorStoreIds, outcome, timedHere } = recorded;
    const { type, fileIds } = call;
    const attributes: Attributes = {
      [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
      [ATTR.GEN_AI_TOOL_NAME]: call.name,
      [ATTR.GEN_AI_TOOL_CALL_ID]: call.id,
      [ATTR.GEN_AI_TOOL_TYPE]: type === 'shell' && timedHere !== true ? HOSTED : toolTypeOf(type),
      [ATTR.OPENAI_TOOL_TYPE]: type,
      ...outcomeAttributes(outcome),
    };
    // The event with the details requires it.
    define(attributes, ATTR.GEN_AI_PROVIDER_NAME, recorded.provider);
    define(attributes, ATTR.OPENAI_STEP_ID, recorded.stepId);
    define(attributes, ATTR.GEN_AI_RESPONSE_ID, recorded.responseId);
    define(attributes, ATTR.OPENAI_ITEM_ID, recorded.itemId);
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
            documents: content.documents,
            parameters:
              content.query === undefined ? {} : { [ATTR.GEN_AI_RETRIEVAL_QUERY_TEXT]: content.query },
          },
  },
};

/** `gen_ai.tool.type` of one of the API's types. */
export function toolTypeOf(type: string): string {
  return row(TOOL_TYPES, type) ?? HOSTED;
}

import type { Attributes } from '@opentelemetry/api';
import { define, defined } from '../../operations/attributes.ts';
import { chat, response as createResponse } from '../../operations/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  ERROR_TYPE_VALUE_OTHER,
  GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
  GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  MCP_METHOD_NAME_VALUE_TOOLS_LIST,
} from '../../semconv/values.ts';
import type { Content } from '../../telemetry/content/content-writer.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { plainData } from '../../telemetry/content/plain-data.ts';
import type { Operation, OperationKind } from '../../telemetry/operation.ts';
import { type Failure, readReported, readThrown } from '../../telemetry/outcomes/failure.ts';
import {
  CANCELLED_TOOL,
  DENIED_TOOL,
  failedTool,
  REFUSED_TOOL,
  readToolOutcome,
  type ToolOutcome,
} from '../../telemetry/outcomes/tool-outcome.ts';
import {
  arrayField,
  booleanField,
  field,
  type PayloadObject,
  row,
  stringField,
  textField,
} from '../../util/payload.ts';

export interface AgentsStart {
  readonly operation: OperationKind<AgentsStart, AgentsEnd>;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface AgentsEnd {
  /** The name of the tool, where only the end reports it. */
  readonly toolName?: string;
  readonly attributes: Attributes;
  /** Called only if content is recorded. */
  readonly content: () => Content;
}

const REQUEST: OperationKind<AgentsStart, AgentsEnd> = {
  scope: 'local',
  subject: ({ name }) => name,
  requestAttributes: ({ attributes }) => attributes,
  content: { output: ({ content }) => content() },
};

const IN_PROCESS: OperationKind<AgentsStart, AgentsEnd> = { ...REQUEST, kind: 'internal' };

interface SpanType {
  readonly start: (data: PayloadObject) => AgentsStart;
  readonly end?: (data: PayloadObject) => Partial<AgentsEnd>;
}

export const DEFAULT_WORKFLOW = 'Agent workflow';

/** The prefix of the tool by which an agent hands over, unless the program gives the tool another name. */
const TRANSFER = 'transfer_to_';

/**
 * The kinds of spans that are recorded here. {@link REPORTED_CALLS} reads model calls. Others, such as
 * tasks and turns, have no span.
 */
const SPAN_TYPES: Readonly<Record<string, SpanType>> = {
  trace: namedOperation(
    GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
    ATTR.GEN_AI_WORKFLOW_NAME,
    DEFAULT_WORKFLOW,
  ),
  agent: {
    ...namedOperation(GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT, ATTR.GEN_AI_AGENT_NAME, 'Agent'),
    // `text` is the default of the library. Any other value names a schema.
    end: ({ output_type: type }) => ({
      attributes: defined({
        [ATTR.GEN_AI_OUTPUT_TYPE]: type === undefined || type === 'text' ? undefined : 'json',
      }),
    }),
  },
  function: {
    start: (data) => toolStart(stringField(data, 'name') ?? 'function', 'function'),
    end: (data) => {
      const server = mcpServerOf(data);
      const attributes = defined({
        [ATTR.OPENAI_TOOL_TYPE]: server && 'mcp',
        [ATTR.OPENAI_AGENTS_MCP_SERVER]: server,
      });
      // Both are empty if `@openai/agents` withholds sensitive data.
      const read = (name: string): unknown => parseJson(textField(data, name));
      return { attributes, content: () => ({ toolArguments: read('input'), toolResult: read('output') }) };
    },
  },
  handoff: {
    start: (data) => {
      const started = toolStart('transfer', 'handoff');
      define(started.attributes, ATTR.OPENAI_AGENTS_HANDOFF_FROM, stringField(data, 'from_agent'));
      return started;
    },
    end: (data) => {
      const to = stringField(data, 'to_agent');
      if (to === undefined) return {};
      const toolName = TRANSFER + to.replace(/[^a-zA-Z0-9_-]/g, '_');
      return { toolName, attributes: { [ATTR.OPENAI_AGENTS_HANDOFF_TO]: to } };
    },
  },
  guardrail: {
    start: (data) => {
      const name = stringField(data, 'name') ?? 'guardrail';
      return internal(`guardrail ${name}`, { [ATTR.OPENAI_AGENTS_GUARDRAIL_NAME]: name });
    },
    end: (data) => ({
      attributes: { [ATTR.OPENAI_AGENTS_GUARDRAIL_TRIGGERED]: booleanField(data, 'triggered') ?? false },
    }),
  },
  mcp_tools: {
    start: (data) => {
      const attributes = defined({
        [ATTR.MCP_METHOD_NAME]: MCP_METHOD_NAME_VALUE_TOOLS_LIST,
        [ATTR.OPENAI_AGENTS_MCP_SERVER]: withoutAddress(stringField(data, 'server')),
      });
      return { operation: REQUEST, name: MCP_METHOD_NAME_VALUE_TOOLS_LIST, attributes };
    },
    end: (data) =>
      Array.isArray(data.result)
        ? { attributes: { [ATTR.OPENAI_AGENTS_MCP_TOOL_COUNT]: arrayField(data, 'result').length } }
        : {},
  },
  transcription: media('transcription'),
  speech: media('speech'),
  speech_group: media('speech_group'),
  custom: {
    start: (data) => internal(stringField(data, 'name') ?? 'custom', {}),
    end: (data) => ({ content: () => ({ functionArguments: plainData(data.data) }) }),
  },
};

/** Returns `undefined` for a kind that is not recorded here. */
export function readStart(type: string, data: PayloadObject): AgentsStart | undefined {
  const start = row(SPAN_TYPES, type)?.start(data);
  return start && { ...start, attributes: { ...start.attributes, [ATTR.OPENAI_AGENTS_SPAN_TYPE]: type } };
}

export function readEnd(type: string, data: PayloadObject): AgentsEnd {
  return { attributes: {}, content: () => ({}), ...SPAN_TYPES[type]?.end?.(data) };
}

function namedOperation(operation: string, nameAttribute: string, unnamed: string): SpanType {
  return {
    start: (data) => {
      const name = stringField(data, 'name') ?? unnamed;
      return internal(`${operation} ${name}`, {
        [ATTR.GEN_AI_OPERATION_NAME]: operation,
        [nameAttribute]: name,
      });
    },
  };
}

function internal(name: string, attributes: Attributes): AgentsStart {
  return { operation: IN_PROCESS, name, attributes };
}

function toolStart(name: string, type: string): AgentsStart {
  return internal(`execute_tool ${name}`, {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
    // The event with the operation's details requires a provider.
    [ATTR.GEN_AI_PROVIDER_NAME]: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
    [ATTR.GEN_AI_TOOL_NAME]: name,
    [ATTR.GEN_AI_TOOL_TYPE]: 'function',
    [ATTR.OPENAI_TOOL_TYPE]: type,
  });
}

function mcpServerOf(data: PayloadObject): string | undefined {
  const given = field(data, 'mcp_data');
  return withoutAddress(stringField(typeof given === 'string' ? parseJson(given) : given, 'server'));
}

/**
 * Removes the address from the name of an MCP server. If the program gives no name, `@openai/agents` uses
 * transport and address, such as `sse: https://…`. The address may contain credentials.
 */
function withoutAddress(name: string | undefined): string | undefined {
  const [, before = '', scheme] = /^(.*?)(?::?\s*)\b([a-z][a-z\d+.-]*):\/\//is.exec(name ?? '') ?? [];
  return scheme === undefined ? name : before || scheme;
}

/** A span of speech or transcription. Only texts are read: audio is an object with its bytes. */
function media(type: string): SpanType {
  return {
    start: (data) => internal(type, defined({ [ATTR.GEN_AI_REQUEST_MODEL]: stringField(data, 'model') })),
    end: (data) => ({
      content: () => ({
        functionArguments: textField(data, 'input'),
        functionResult: textField(data, 'output'),
      }),
    }),
  };
}

export interface ReportedCall {
  readonly operation: Operation;
  readonly path: string;
  readonly body: PayloadObject;
  readonly result: unknown;
  readonly provider: string;
}

/** The spans of model calls. Calls that `@openai/agents` withholds are read as `undefined`. */
export const REPORTED_CALLS: Readonly<Record<string, (data: PayloadObject) => ReportedCall | undefined>> = {
  response: readResponseCall,
  generation: readGeneration,
};

function readResponseCall(data: PayloadObject): ReportedCall | undefined {
  const result = data._response;
  const model = stringField(result, 'model');
  if (model === undefined) return undefined;
  return {
    operation: createResponse,
    path: '/responses',
    body: { model, input: data._input, instructions: field(result, 'instructions') },
    result,
    provider: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  };
}

function readGeneration(data: PayloadObject): ReportedCall | undefined {
  const { model, input, output, usage } = data;
  if (typeof model !== 'string') return undefined;
  const [first] = arrayField(data, 'output');
  const isCompletion = arrayField(first, 'choices').length > 0;
  const messages = Array.isArray(output) ? output : [];
  return {
    operation: chat,
    path: '/chat/completions',
    body: { model, messages: input },
    result: isCompletion ? first : { choices: messages.map((message) => ({ message })), usage },
    provider: stringField(data.model_config, 'provider') ?? ERROR_TYPE_VALUE_OTHER,
  };
}

/** The messages of `@openai/agents` for some errors, with the class of the error that it throws. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  'Error running tool': 'ToolCallError',
  'Error running tool (non-fatal)': 'ToolCallError',
  'Guardrail tripwire triggered': 'GuardrailTripwireTriggered',
  'Max turns exceeded': 'MaxTurnsExceededError',
  'Multiple handoffs requested': 'MultipleHandoffsRequested',
  'Handoff agent not found': 'ModelBehaviorError',
};

/** The text of an error begins with its class: `TypeError: …`. Text before any other colon may be content. */
const NAMED_ERROR = /^([A-Z][A-Za-z0-9]{0,50}(?:Error|Exception|Triggered)|Error):/;

/**
 * Reads the error of a trace or span. `@openai/agents` reports only texts, which may quote the input.
 *
 * @param thrown the error itself, if it is known
 * @param withText whether the text of the error may be recorded
 */
export function readAgentsFailure(error: unknown, thrown: unknown, withText: boolean): Failure | undefined {
  if (thrown !== undefined) {
    const failure = readThrown(thrown);
    return withText ? failure : { ...failure, message: undefined };
  }
  if (typeof error !== 'object' || error === null) return undefined;
  const message = textField(error, 'message');
  const text = textField(field(error, 'data'), 'error');
  const named = NAMED_ERROR.exec(text ?? '')?.[1];
  const type = named ?? row(ERROR_TYPES, message) ?? ERROR_TYPE_VALUE_OTHER;
  return readReported(withText ? (text ?? message) : undefined, type);
}

const GENERIC: ReadonlySet<string> = new Set(['Error', ERROR_TYPE_VALUE_OTHER]);

/** Replaces a generic error type, such as `Error`, with that of the known failure, such as the model call's. */
export function morePrecise(failure: Failure | undefined, known: Failure | undefined): Failure | undefined {
  return failure !== undefined && known !== undefined && GENERIC.has(failure.type)
    ? { ...failure, type: known.type }
    : failure;
}

/** The message of `@openai/agents` for a tool that a person has refused. */
const REJECTED = /^Tool execution for \S+ was manually rejected by user\.$/;

/** What `@openai/agents` gives the model if a tool has no result. */
const UNPARSABLE_RESULT = 'An error occurred while parsing tool arguments. Please try again with valid JSON.';
const ABORTED_RESULT = 'aborted';
const TIMEOUT_RESULT = /^Tool '.{1,128}' timed out after \d{1,16}ms\.$/;

/**
 * Reads the outcome of a tool. Some outcomes show only in the result for the model: the tool timed out, its
 * run was aborted, or a shell command failed. `@openai/agents` may withhold that result as sensitive data.
 *
 * @param failure the failure of the tool's span
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

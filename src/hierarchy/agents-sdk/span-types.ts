import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
  GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  MCP_METHOD_NAME_VALUE_TOOLS_LIST,
} from '../../semconv/values.ts';
import type { Content } from '../../telemetry/content/content-record.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { plainData } from '../../telemetry/content/plain-data.ts';
import type { OperationKind } from '../../telemetry/operation.ts';
import {
  arrayField,
  booleanField,
  field,
  type PayloadObject,
  stringField,
  textField,
} from '../../util/payload.ts';

/** What is known when a trace or span of the library starts. */
export interface AgentsStart {
  readonly operation: OperationKind<AgentsStart, AgentsEnd>;
  readonly name: string;
  readonly attributes: Attributes;
}

/** What is known at its end. */
export interface AgentsEnd {
  /** The name of the tool, where only the end tells it. */
  readonly toolName?: string;
  readonly attributes: Attributes;
  /** Read only if content is recorded. */
  readonly content: () => Content;
}

/** What the library does in this process, whatever it is. */
const IN_PROCESS: OperationKind<AgentsStart, AgentsEnd> = {
  kind: 'internal',
  scope: 'local',
  spanName: ({ name }) => name,
  requestAttributes: ({ attributes }) => attributes,
  content: { output: ({ content }) => content() },
};

/** A request of its own, over MCP. */
const REQUEST: OperationKind<AgentsStart, AgentsEnd> = {
  scope: 'local',
  spanName: ({ name }) => name,
  requestAttributes: IN_PROCESS.requestAttributes,
  content: { output: ({ content }) => content() },
};

interface SpanType {
  readonly start: (data: PayloadObject) => AgentsStart;
  readonly end?: (data: PayloadObject) => Partial<AgentsEnd>;
}

/** The name of a workflow that the program has not named. */
export const DEFAULT_WORKFLOW = 'Agent workflow';

/** What the name of a tool begins with by which an agent hands over, unless the program names it. */
const TRANSFER = 'transfer_to_';

/** Each kind of span that is recorded. All others are part of what they stand below: tasks, turns and model calls. */
const SPAN_TYPES: Readonly<Record<string, SpanType>> = {
  trace: {
    start: (data) => {
      const name = stringField(data, 'name') ?? DEFAULT_WORKFLOW;
      return internal(`invoke_workflow ${name}`, {
        [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
        [ATTR.GEN_AI_WORKFLOW_NAME]: name,
      });
    },
  },
  agent: {
    start: (data) => {
      const name = stringField(data, 'name') ?? 'Agent';
      return internal(`invoke_agent ${name}`, {
        [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
        [ATTR.GEN_AI_AGENT_NAME]: name,
      });
    },
  },
  function: {
    start: (data) => toolStart(stringField(data, 'name') ?? 'function', 'function'),
    end: (data) => {
      const server = mcpServerOf(data);
      const attributes: Attributes = server === undefined ? {} : { [ATTR.OPENAI_TOOL_TYPE]: 'mcp' };
      define(attributes, ATTR.OPENAI_AGENTS_MCP_SERVER, server);
      return { attributes, content: () => toolContent(data) };
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
      const attributes: Attributes = { [ATTR.MCP_METHOD_NAME]: MCP_METHOD_NAME_VALUE_TOOLS_LIST };
      define(attributes, ATTR.OPENAI_AGENTS_MCP_SERVER, withoutAddress(stringField(data, 'server')));
      return { operation: REQUEST, name: MCP_METHOD_NAME_VALUE_TOOLS_LIST, attributes };
    },
    end: (data) =>
      Array.isArray(data.result)
        ? { attributes: { [ATTR.OPENAI_AGENTS_MCP_TOOL_COUNT]: arrayField(data, 'result').length } }
        : {},
  },
  transcription: { start: (data) => media('transcription', data), end: mediaEnd },
  speech: { start: (data) => media('speech', data), end: mediaEnd },
  speech_group: { start: (data) => media('speech_group', data), end: mediaEnd },
  custom: {
    start: (data) => internal(stringField(data, 'name') ?? 'custom', {}),
    end: (data) => ({ content: () => ({ functionArguments: plainData(data.data) }) }),
  },
};

/** Reads the start of a trace or span of `@openai/agents`; `undefined` if it is not recorded. */
export function readStart(type: string, data: PayloadObject): AgentsStart | undefined {
  const known = Object.hasOwn(SPAN_TYPES, type) ? SPAN_TYPES[type] : undefined;
  if (known === undefined) return undefined;
  const start = known.start(data);
  return { ...start, attributes: { ...start.attributes, [ATTR.OPENAI_AGENTS_SPAN_TYPE]: type } };
}

export function readEnd(type: string, data: PayloadObject): AgentsEnd {
  return { attributes: {}, content: () => ({}), ...SPAN_TYPES[type]?.end?.(data) };
}

function internal(name: string, attributes: Attributes): AgentsStart {
  return { operation: IN_PROCESS, name, attributes };
}

/** @param type the library's own word for the kind of tool */
export function toolStart(name: string, type: string): AgentsStart {
  return internal(`execute_tool ${name}`, {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
    // The event with the details requires it.
    [ATTR.GEN_AI_PROVIDER_NAME]: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
    [ATTR.GEN_AI_TOOL_NAME]: name,
    [ATTR.GEN_AI_TOOL_TYPE]: 'function',
    [ATTR.OPENAI_TOOL_TYPE]: type,
  });
}

/** Without the library's sensitive data, input and output are empty. */
function toolContent(data: PayloadObject): Content {
  return {
    toolArguments: parseJson(textField(data, 'input')),
    toolResult: parseJson(textField(data, 'output')),
  };
}

function mcpServerOf(data: PayloadObject): string | undefined {
  const given = field(data, 'mcp_data');
  return withoutAddress(stringField(typeof given === 'string' ? parseJson(given) : given, 'server'));
}

/**
 * The name of an MCP server. Where the program gives none, the library makes one of the transport and the address, which
 * may hold credentials: `sse: https://…`.
 */
function withoutAddress(name: string | undefined): string | undefined {
  const [, before = '', scheme] = /^(.*?)(?::?\s*)\b([a-z][a-z\d+.-]*):\/\//is.exec(name ?? '') ?? [];
  return scheme === undefined ? name : before || scheme;
}

function media(type: string, data: PayloadObject): AgentsStart {
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_MODEL, stringField(data, 'model'));
  return internal(type, attributes);
}

/** Texts only, never audio: that is an object with its bytes. */
function mediaEnd(data: PayloadObject): Partial<AgentsEnd> {
  return {
    content: () => ({
      functionArguments: textField(data, 'input'),
      functionResult: textField(data, 'output'),
    }),
  };
}

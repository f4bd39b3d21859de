import type { Message, MessagePart } from '../../config/completion-types.ts';
import type { UnreadMessages } from '../../telemetry/content/content-writer.ts';
import { blobPart, urlPart } from '../../telemetry/content/media.ts';
import { parseJson, parseMedia, partsOf, unknownPart } from '../../telemetry/content/messages.ts';
import { plainError } from '../../telemetry/content/plain-data.ts';
import { messageFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import {
  arrayField,
  asArray,
  asObject,
  countField,
  field,
  first,
  MAX_READ,
  objectField,
  row,
  stringField,
  textField,
} from '../../util/payload.ts';
import { urlWithoutSecrets } from '../../util/url-secrets.ts';
import { readDocuments } from '../citations.ts';
import { readContentPart } from '../content-parts.ts';
import { readToolDefinitions } from '../tool-definitions.ts';
import { readAnsweredCallId, readResponseToolCall, readToolOutputCallId } from './items.ts';
import { finishReasonOf } from './outcome.ts';

/** Instructions that come from a stored prompt are items. */
export function readInstructions(instructions: unknown): MessagePart[] {
  if (typeof instructions === 'string' && instructions !== '')
    return [{ type: 'text', content: instructions }];
  return Array.isArray(instructions) ? partsOf(instructions, readSentItem, Number.POSITIVE_INFINITY) : [];
}

export function readResponseInput(input: unknown): UnreadMessages {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : asArray(input);
  const recorded = items.filter(isRecorded);
  return {
    length: recorded.length,
    at: (index) => readSentMessage(recorded[index]),
  };
}

export function readSentMessage(item: unknown): Message {
  return { role: roleOf(item), parts: readSentItem(item) };
}

/** The whole output as one message, since a response has one choice. */
export function readResponseOutput(response: unknown): Message[] {
  const output = arrayField(response, 'output');
  const parts = partsOf(output, (item, index) => readItemParts(item, undefined, output[index - 1]));
  if (parts.length === 0) return [];
  const reason = finishReasonOf(response);
  // A response without a status is over: a response in progress has the status `in_progress`.
  const isOver = field(response, 'status') === undefined;
  const finish_reason = messageFinishReason(reason, isOver ? response : undefined);
  return [{ role: 'assistant', parts, finish_reason }];
}

/** Types of items without content: they refer to other items or change settings. */
const SILENT: readonly unknown[] = [
  'item_reference',
  'configuration_update',
  'additional_tools',
  'compaction_trigger',
];

/** Whether an item has readable content. An item without a type may be a reference. Most reasoning is encrypted. */
function isRecorded(item: unknown): boolean {
  if (asObject(item) === undefined) return false;
  const type = textField(item, 'type');
  if (type === undefined) return field(item, 'role') !== undefined || field(item, 'content') !== undefined;
  if (type === 'reasoning')
    return arrayField(item, 'summary').length + arrayField(item, 'content').length > 0;
  return !SILENT.includes(type);
}

function roleOf(item: unknown): string {
  const role = textField(item, 'role');
  if (role !== undefined) return role;
  if (readToolOutputCallId(item) !== undefined) return 'tool';
  return field(item, 'type') === undefined ? 'user' : 'assistant';
}

/** Reads an item that the program sends, with all parts of a message, so that completion hooks see them. */
function readSentItem(item: unknown): MessagePart[] {
  return readItemParts(item, Number.POSITIVE_INFINITY);
}

export function readItemParts(item: unknown, most?: number, before?: unknown): MessagePart[] {
  const type = textField(item, 'type') ?? 'message';
  if (type === 'message') return readMessageContent(field(item, 'content'), most);
  if (type === 'reasoning') return readReasoning(item);
  if (type === 'compaction' || type === 'compaction_summary')
    return [{ type: 'compaction', ...identified(textField(item, 'id')) }];
  const answered = readAnsweredCallId(item, before);
  if (answered !== undefined || type === 'tool_search_output') return readToolOutput(answered, item);
  if (SILENT.includes(type)) return [];
  return readResponseToolCall(item) === undefined ? unknownPart() : readCall(item);
}

export function readMessageContent(content: unknown, most?: number): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }];
  return Array.isArray(content) ? partsOf(content, readContentPart, most) : [];
}

/** The summary of the reasoning and, if the model reveals it, the reasoning itself. Never the encrypted form. */
function readReasoning(item: unknown): MessagePart[] {
  return [
    ...partsOf(arrayField(item, 'summary'), readContentPart),
    ...partsOf(arrayField(item, 'content'), readContentPart),
  ];
}

function readToolOutput(callId: string | undefined, item: unknown): MessagePart[] {
  return [
    { type: 'tool_call_response', ...identified(callId), response: readToolContent(item).result ?? null },
  ];
}

function readCall(item: unknown): MessagePart[] {
  const call = readResponseToolCall(item);
  if (call === undefined) return [];
  const { arguments: given, result, media = [] } = readToolContent(item);
  const id = identified(call.callId);
  const { name, tool, serverLabel: server_label, namespace } = call;
  const named = {
    ...id,
    name,
    ...(server_label === undefined ? {} : { server_label }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  if (call.runBy === 'program')
    return [{ type: 'tool_call', ...named, ...(given === undefined ? {} : { arguments: given }) }];
  return [
    { type: 'server_tool_call', ...named, server_tool_call: typed(tool, 'arguments', given) },
    ...(result === undefined
      ? []
      : [
          {
            type: 'server_tool_call_response' as const,
            ...id,
            server_tool_call_response: typed(tool, 'result', result),
          },
        ]),
    ...media,
  ];
}

/** The schema requires a type. A value that is no object, or whose fields would clash, is wrapped. */
function typed(tool: string, key: string, value: unknown): { readonly type: string } {
  if (value === undefined) return { type: tool };
  const fields = asObject(value);
  const isPlain = fields !== undefined && !Object.hasOwn(fields, 'type') && !Object.hasOwn(fields, key);
  return { ...(isPlain ? fields : { [key]: value }), type: tool };
}

function identified(id: string | undefined): { readonly id?: string } {
  return id === undefined ? {} : { id };
}

export interface ItemContent {
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly media?: readonly MessagePart[];
}

/** Items with content of their own. Any other is read by the end of its type: a call, which may contain its result, or an output. */
const ITEM_CONTENT: Readonly<Record<string, (item: unknown) => ItemContent>> = {
  custom_tool_call: (item) => ({ arguments: field(item, 'input') }),
  computer_call: (item) => ({ arguments: readComputerActions(item) }),
  computer_call_output: (item) => ({ result: readContentPart(field(item, 'output')) }),
  local_shell_call: (item) => ({
    arguments: presentFields(objectField(item, 'action'), ['command', 'working_directory']),
  }),
  local_shell_call_output: (item) => ({ result: field(item, 'output') }),
  shell_call: (item) => ({ arguments: presentFields(objectField(item, 'action'), ['commands']) }),
  shell_call_output: (item) => ({ result: { output: arrayField(item, 'output') } }),
  apply_patch_call: (item) => ({ arguments: field(item, 'operation') }),
  apply_patch_call_output: (item) => ({ result: presentFields(item, ['status', 'output']) }),
  mcp_approval_request: (item) => ({ arguments: parseJson(field(item, 'arguments')) }),
  mcp_approval_response: (item) => ({ result: presentFields(item, ['approve', 'reason']) }),
  mcp_list_tools: (item) => ({
    result: {
      tools: first(arrayField(item, 'tools'), MAX_READ).flatMap(
        (tool) => presentFields(tool, ['name', 'description', 'input_schema', 'annotations']) ?? [],
      ),
      ...presentFields(item, ['error']),
    },
  }),
  web_search_call: (item) => readWebSearch(objectField(item, 'action'), item),
  file_search_call: (item) => ({
    arguments: presentFields(item, ['queries']),
    result: Array.isArray(field(item, 'results'))
      ? { results: readDocuments(arrayField(item, 'results')) }
      : undefined,
  }),
  code_interpreter_call: readCodeInterpreter,
  image_generation_call: readImageGeneration,
  tool_search_output: (item) => ({ result: { tools: readToolDefinitions(item) } }),
  program: (item) => ({ arguments: presentFields(item, ['code']) }),
  program_output: (item) => ({ result: field(item, 'result') }),
  // Items of the Agents API alone.
  command_execution: (item) => ({
    arguments: presentFields(item, ['command', 'cwd']),
    result: presentFields(item, ['output', 'exit_code']),
  }),
  computer_use_call: (item) => ({
    arguments: textField(item, 'title'),
    result: readContentPart(field(item, 'output'))[0],
  }),
  create_subagent_call: (item) => ({
    arguments: {
      content: readMessageContent(field(item, 'content')),
      ...presentFields(item, ['model', 'reasoning_effort']),
    },
  }),
  send_subagent_input_call: (item) => ({ arguments: readMessageContent(field(item, 'content')) }),
  wait_for_subagents_call: (item) => ({ arguments: field(item, 'recipient_agent_ids') }),
};

export function readToolContent(item: unknown): ItemContent {
  const type = stringField(item, 'type') ?? '';
  const own = row(ITEM_CONTENT, type)?.(item);
  if (own !== undefined) return own;
  if (type.endsWith('_output')) return { result: readFunctionOutput(field(item, 'output')) };
  return type.endsWith('_call') ? readCallContent(item) : {};
}

function readCallContent(item: unknown): ItemContent {
  const given = field(item, 'arguments') ?? field(item, 'input') ?? readPage(field(item, 'action'));
  return {
    arguments: parseJson(given),
    result: parseJson(field(item, 'output')) ?? presentFields(item, ['error']),
  };
}

export function readFunctionOutput(output: unknown): unknown {
  return Array.isArray(output) ? partsOf(output, readContentPart) : parseMedia(output);
}

/** `undefined` if no field has a value. */
function presentFields(value: unknown, keys: readonly string[]): Record<string, unknown> | undefined {
  const picked: Record<string, unknown> = {};
  for (const key of keys) {
    const found = key === 'error' ? plainError(field(value, key)) : shown(key, field(value, key));
    if (found !== undefined && found !== null) picked[key] = found;
  }
  return Object.keys(picked).length > 0 ? picked : undefined;
}

function shown(key: string, value: unknown): unknown {
  return typeof value === 'string' && key.endsWith('url') ? urlWithoutSecrets(value) : value;
}

function readComputerActions(item: unknown): unknown {
  const { action, actions } = presentFields(item, ['action', 'actions']) ?? {};
  if (action === undefined && actions === undefined) return undefined;
  return {
    ...(action === undefined ? {} : { action: readPage(action) }),
    ...(Array.isArray(actions) ? { actions: actions.map(readPage) } : {}),
  };
}

/** Removes credentials from the URLs of an action or a search result. */
function readPage(page: unknown): unknown {
  if (typeof page === 'string') return shown('url', page);
  const fields = asObject(page);
  return fields === undefined
    ? page
    : Object.fromEntries(first(Object.keys(fields)).map((key) => [key, shown(key, field(fields, key))]));
}

function readPages(holder: unknown, key: string): Record<string, unknown> | undefined {
  const pages = field(holder, key);
  return Array.isArray(pages) ? { [key]: first(pages, MAX_READ).map(readPage) } : undefined;
}

function readWebSearch(action: unknown, item: unknown): ItemContent {
  const found = readPages(action, 'sources') ?? readPages(item, 'results');
  const query = presentFields(action, ['query', 'queries', 'url', 'pattern']);
  const kind = textField(action, 'type');
  return {
    arguments: kind === undefined ? query : { action: kind, ...query },
    ...(found === undefined ? {} : { result: found }),
  };
}

function readCodeInterpreter(item: unknown): ItemContent {
  const outputs = first(arrayField(item, 'outputs'), MAX_READ);
  const logs = outputs.flatMap((output) => textField(output, 'logs') ?? []);
  const media = outputs.flatMap((output) => {
    const url = textField(output, 'url');
    return url === undefined ? [] : [urlPart(url, 'image')];
  });
  return {
    arguments: presentFields(item, ['code']),
    ...(outputs.length > 0 ? { result: { logs: logs.join('\n'), image_count: media.length } } : {}),
    media,
  };
}

function readImageGeneration(item: unknown): ItemContent {
  const image = textField(item, 'result');
  const format = textField(item, 'output_format');
  // Of an image that was too large to be kept, only the original length is known.
  const length = image === undefined ? countField(item, 'original_length') : undefined;
  const size = Math.floor(((length ?? 0) * 3) / 4);
  const blob = blobPart(image ?? '', 'image', format === undefined ? undefined : `image/${format}`);
  const properties = presentFields(item, ['revised_prompt', 'size', 'quality', 'background', 'error']);
  return {
    arguments: presentFields(item, ['action']),
    ...(image === undefined && properties === undefined ? {} : { result: properties ?? {} }),
    media:
      image === undefined && length === undefined ? [] : [length === undefined ? blob : { ...blob, size }],
  };
}

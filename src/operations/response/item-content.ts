import type { MessagePart } from '../../config/completion-types.ts';
import { blobPart, parseJson, parseMedia, partsOf, urlPart } from '../../telemetry/content/messages.ts';
import { plainError } from '../../telemetry/content/plain-data.ts';
import {
  arrayField,
  asObject,
  countField,
  field,
  first,
  MAX_READ,
  objectField,
  row,
  textField,
} from '../../util/payload.ts';
import { urlWithoutSecrets } from '../../util/url-secrets.ts';
import { readDocuments } from '../documents.ts';
import { readContentPart } from './content-parts.ts';
import { readResponseTools } from './tool-definitions.ts';

/** The arguments and the result of a tool call, and references to its media. */
export interface ItemContent {
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly media?: readonly MessagePart[];
}

/**
 * The content of each type of item. Hosted calls contain arguments and result; for calls that the program answers, the
 * output is a separate item.
 */
const ITEM_CONTENT: Readonly<Record<string, (item: unknown) => ItemContent>> = {
  function_call: (item) => ({ arguments: parseJson(field(item, 'arguments')) }),
  custom_tool_call: (item) => ({ arguments: field(item, 'input') }),
  function_call_output: (item) => ({ result: readOutput(field(item, 'output')) }),
  custom_tool_call_output: (item) => ({ result: readOutput(field(item, 'output')) }),
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
  mcp_call: readHostedCall,
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
  tool_search_call: (item) => ({ arguments: field(item, 'arguments') }),
  tool_search_output: (item) => ({ result: { tools: readResponseTools(item) } }),
  program: (item) => ({ arguments: presentFields(item, ['code']) }),
  program_output: (item) => ({ result: field(item, 'result') }),
};

export function readItemContent(type: string, item: unknown): ItemContent {
  return row(ITEM_CONTENT, type)?.(item) ?? (type.endsWith('_call') ? readHostedCall(item) : {});
}

/** The content of a call of an MCP server, and of one of an unknown type. */
function readHostedCall(item: unknown): ItemContent {
  const given = field(item, 'arguments') ?? field(item, 'input') ?? readPage(field(item, 'action'));
  return {
    arguments: parseJson(given),
    result: parseJson(field(item, 'output')) ?? presentFields(item, ['error']),
  };
}

/** The output of a function: text, message parts, or parsed JSON with media. */
function readOutput(output: unknown): unknown {
  return Array.isArray(output) ? partsOf(output, readContentPart) : parseMedia(output);
}

/** The present fields without credentials; `undefined` if there are none. */
function presentFields(value: unknown, keys: readonly string[]): Record<string, unknown> | undefined {
  const picked: Record<string, unknown> = {};
  for (const key of keys) {
    const found = key === 'error' ? plainError(field(value, key)) : shown(key, field(value, key));
    if (found !== undefined && found !== null) picked[key] = found;
  }
  return Object.keys(picked).length > 0 ? picked : undefined;
}

/** The value of a field; a URL without credentials. */
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

/** The action or the results of a web search, with URLs without credentials. */
export function readPage(page: unknown): unknown {
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
  // A stream leaves out an image that is too large to be kept.
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

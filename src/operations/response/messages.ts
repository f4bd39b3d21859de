import type { Message, MessagePart } from '../../config/completion-types.ts';
import {
  answerFinishReason,
  messageFinishReason,
  partsOf,
  UnreadMessage,
  unknownPart,
} from '../../telemetry/content/messages.ts';
import { arrayField, asObject, field, textField } from '../../util/payload.ts';
import { readContentPart } from './content-parts.ts';
import { readAnsweredCallId, readResponseToolCall, readToolContent, readToolOutputCallId } from './items.ts';
import { finishReasonOf } from './outcome.ts';

/** Reads `instructions`: a text, or items if they come from a stored prompt. */
export function readInstructions(instructions: unknown): MessagePart[] {
  if (typeof instructions === 'string' && instructions !== '')
    return [{ type: 'text', content: instructions }];
  return Array.isArray(instructions) ? partsOf(instructions, readSentItem, Number.POSITIVE_INFINITY) : [];
}

/** The input messages: a text, or one message for each item. */
export function readResponseInput(input: unknown): Message[] {
  if (typeof input === 'string') return [{ role: 'user', parts: [{ type: 'text', content: input }] }];
  if (!Array.isArray(input)) return [];
  return input
    .filter(isRecorded)
    .map((item) => new UnreadMessage(roleOf(item), undefined, item, readSentItem));
}

/** The whole output as one message, since a response has one choice. */
export function readResponseOutput(response: unknown): Message[] {
  const output = arrayField(response, 'output');
  const parts = partsOf(output, (item, index) => readItem(item, undefined, output[index - 1]));
  if (parts.length === 0) return [];
  const reason = finishReasonOf(response);
  // A response that is still in progress says so in its status.
  const finish_reason =
    field(response, 'status') === undefined
      ? answerFinishReason(reason, response)
      : messageFinishReason(reason);
  return [{ role: 'assistant', parts, finish_reason }];
}

/** Items without content: they refer to others or change settings. */
const SILENT: ReadonlySet<unknown> = new Set([
  'item_reference',
  'configuration_update',
  'additional_tools',
  'compaction_trigger',
]);

/** Whether an item has content. A reference may come without its type; most reasoning is encrypted. */
function isRecorded(item: unknown): boolean {
  if (asObject(item) === undefined) return false;
  const type = textField(item, 'type');
  if (type === undefined) return field(item, 'role') !== undefined || field(item, 'content') !== undefined;
  if (type === 'reasoning')
    return arrayField(item, 'summary').length + arrayField(item, 'content').length > 0;
  return !SILENT.has(type);
}

function roleOf(item: unknown): string {
  const role = textField(item, 'role');
  if (role !== undefined) return role;
  if (readToolOutputCallId(item) !== undefined) return 'tool';
  return field(item, 'type') === undefined ? 'user' : 'assistant';
}

/** An item that the program sends, of which a completion hook sees everything. */
function readSentItem(item: unknown): MessagePart[] {
  return readItem(item, Number.POSITIVE_INFINITY);
}

function readItem(item: unknown, most?: number, before?: unknown): MessagePart[] {
  const type = textField(item, 'type') ?? 'message';
  if (type === 'message') return readMessageContent(field(item, 'content'), most);
  if (type === 'reasoning') return readReasoning(item);
  if (type === 'compaction' || type === 'compaction_summary')
    return [{ type: 'compaction', ...identified(textField(item, 'id')) }];
  const answered = readAnsweredCallId(item, before);
  if (answered !== undefined || type === 'tool_search_output') return readToolOutput(answered, item);
  if (SILENT.has(type)) return [];
  return readResponseToolCall(item) === undefined ? unknownPart() : readCall(item);
}

function readMessageContent(content: unknown, most: number | undefined): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }];
  return Array.isArray(content) ? partsOf(content, readContentPart, most) : [];
}

/** The summary and, if the model reveals it, the reasoning; never the encrypted form. */
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

/** A call that the program runs is a `tool_call`; a hosted one a `server_tool_call`, with its response if present. */
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

/** Adds the type of the tool, which the schema requires: to an object without such keys directly, else around it. */
function typed(tool: string, key: string, value: unknown): { readonly type: string } {
  if (value === undefined) return { type: tool };
  const fields = asObject(value);
  const isPlain = fields !== undefined && !Object.hasOwn(fields, 'type') && !Object.hasOwn(fields, key);
  return { ...(isPlain ? fields : { [key]: value }), type: tool };
}

function identified(id: string | undefined): { readonly id?: string } {
  return id === undefined ? {} : { id };
}

import type { Message, MessagePart, ToolDefinition } from '../../config/completion-types.ts';
import {
  answerFinishReason,
  blobPart,
  parseJson,
  parseMedia,
  partsOf,
  textPart,
  UnreadMessage,
  unknownPart,
  urlPart,
} from '../../telemetry/content/messages.ts';
import { ownEntries, ownName, ownValue } from '../../util/own-data.ts';
import {
  arrayField,
  asObject,
  asText,
  countField,
  field,
  first,
  MAX_READ,
  objectField,
  textField,
} from '../../util/payload.ts';
import { citationParts } from '../citations.ts';
import { readToolParameters } from '../tool-parameters.ts';

/** The messages of a request. System and developer messages keep their role and place. */
export function readInputMessages(messages: unknown): Message[] {
  if (!Array.isArray(messages)) return [];
  const read = new Array<Message>(messages.length);
  for (let index = 0; index < messages.length; index++) {
    const message: unknown = messages[index];
    const role = textField(message, 'role') ?? 'user';
    read[index] = new UnreadMessage(role, textField(message, 'name'), message, readChatParts);
  }
  return read;
}

/** The output messages, one for each choice. */
export function readOutputMessages(result: unknown): Message[] {
  const messages: Message[] = [];
  for (const choice of first(arrayField(result, 'choices'))) {
    const message = objectField(choice, 'message');
    if (message === undefined) continue;
    messages.push({
      role: textField(message, 'role') ?? 'assistant',
      parts: readChatParts(message, MAX_READ),
      finish_reason: answerFinishReason(textField(choice, 'finish_reason'), result),
    });
  }
  return messages;
}

/** The tool definitions: functions flat, as in the conventions, custom tools by name and type. */
export function readToolDefinitions(body: unknown): ToolDefinition[] {
  const functions = ownEntries(field(body, 'functions')).map((called) => definitionOf('function', called));
  const tools = ownEntries(field(body, 'tools')).map((tool) => {
    const type = ownName(tool, 'type') ?? 'function';
    return definitionOf(type, ownValue(tool, type), ownName(tool, 'name'));
  });
  return functions.length === 0 ? tools : [...tools, ...functions];
}

function definitionOf(type: string, definition: unknown, otherName: string = type): ToolDefinition {
  const description = asText(ownValue(definition, 'description'));
  const parameters = readToolParameters(definition);
  return {
    type,
    name: ownName(definition, 'name') ?? otherName,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** @param most parts of a kind: a completion hook sees everything that the program sends */
function readChatParts(message: unknown, most: number = Number.POSITIVE_INFINITY): MessagePart[] {
  const role = textField(message, 'role');
  // The legacy `functions` API puts a result into a message with the role `function`.
  if (role === 'tool' || role === 'function') return [toolResponse(message)];
  // Set by our own accumulator for a cut text. Programs do not send this field.
  const lengths = most === MAX_READ ? field(message, 'original_lengths') : undefined;
  const parts = readChatContent(field(message, 'content'), lengths, most);
  // Of answers only: a program that repeats one may leave them out.
  const annotations = most === MAX_READ ? field(message, 'annotations') : undefined;
  if (annotations !== undefined) for (const part of citationParts(annotations)) parts.push(part);
  const reasoning = reasoningOf(message);
  if (reasoning !== undefined)
    parts.unshift(textPart('reasoning', reasoning, countField(lengths, 'reasoning_content')));
  const refusal = textField(message, 'refusal');
  if (refusal !== undefined) parts.push(textPart('text', refusal, countField(lengths, 'refusal')));
  const audio = objectField(message, 'audio');
  if (audio !== undefined) parts.push(...readSpokenAnswer(audio));
  const calls = arrayField(message, 'tool_calls');
  if (calls.length > 0) for (const part of partsOf(calls, readChatToolCallPart, most)) parts.push(part);
  const call = objectField(message, 'function_call');
  if (call !== undefined) parts.push(...readLegacyFunctionCall(call));
  return parts;
}

/** An array for one text has one element: an empty one makes room for 17 with the first that is added. */
function readChatContent(content: unknown, lengths: unknown, most: number): MessagePart[] {
  if (Array.isArray(content)) return partsOf(content, readChatPart, most);
  if (typeof content !== 'string' || content === '') return [];
  return [
    lengths === undefined ? chatTextPart(content) : textPart('text', content, countField(lengths, 'content')),
  ];
}

function chatTextPart(content: string): MessagePart {
  return { type: 'text', content };
}

function toolResponse(message: unknown): MessagePart {
  const id = textField(message, 'tool_call_id');
  const content = field(message, 'content');
  const response = Array.isArray(content)
    ? content.map((part) => textField(part, 'text') ?? '').join('')
    : (content ?? null);
  return {
    type: 'tool_call_response',
    ...(id === undefined ? {} : { id }),
    response: parseMedia(response),
  };
}

function readChatPart(part: unknown): MessagePart[] {
  const type = textField(part, 'type');
  const value = type === undefined ? undefined : field(part, type);
  if (type === 'text' && typeof value === 'string') return [chatTextPart(value)];
  if (type === 'refusal' && typeof value === 'string') return [chatTextPart(value)];
  if (type === 'thinking') return [{ type: 'reasoning', content: thinkingText(part) }];
  // Other servers take videos and documents, too, and plain URLs.
  const url = asText(value) ?? textField(value, 'url');
  if (type?.endsWith('_url') === true && url !== undefined) return [urlPart(url, type.slice(0, -4))];
  const fileId = textField(value, 'file_id');
  if (type === 'file' && fileId !== undefined)
    return [{ type: 'file', modality: 'document', file_id: fileId }];
  return readInlineMedia(type, value);
}

function readInlineMedia(type: string | undefined, value: unknown): MessagePart[] {
  const audio = textField(value, 'data');
  if (type === 'input_audio' && audio !== undefined) {
    const format = textField(value, 'format');
    return [blobPart(audio, 'audio', format === undefined ? undefined : `audio/${format}`)];
  }
  const file = textField(value, 'file_data');
  if (type !== 'file' || file === undefined) return type === undefined ? [] : unknownPart();
  return [file.startsWith('data:') ? urlPart(file, 'document') : blobPart(file, 'document')];
}

/** The transcript of a spoken answer. A request refers to the answer by id. */
function readSpokenAnswer(audio: unknown): MessagePart[] {
  const transcript = textField(audio, 'transcript');
  const data = textField(audio, 'data');
  const id = textField(audio, 'id');
  // Of audio that was too long to be kept.
  const size = data === undefined ? countField(audio, 'size') : undefined;
  return [
    ...(transcript === undefined ? [] : [textPart('text', transcript, countField(audio, 'original_length'))]),
    ...(data === undefined ? [] : [blobPart(data, 'audio')]),
    ...(size === undefined ? [] : [{ ...blobPart('', 'audio'), size }]),
    ...(id === undefined || data !== undefined || size !== undefined
      ? []
      : [{ type: 'file' as const, modality: 'audio', file_id: id }]),
  ];
}

function readChatToolCallPart(call: unknown): MessagePart[] {
  const id = textField(call, 'id');
  const called = objectField(call, 'function') ?? objectField(call, 'custom');
  const name = textField(called, 'name');
  if (name === undefined) return [];
  const args = parseJson(field(called, 'arguments') ?? field(called, 'input'));
  return [{ type: 'tool_call', ...(id === undefined ? {} : { id }), name, arguments: args }];
}

/** The `function_call` of the legacy `functions` API. */
function readLegacyFunctionCall(call: unknown): MessagePart[] {
  const name = textField(asObject(call), 'name');
  return name === undefined
    ? []
    : [{ type: 'tool_call', name, arguments: parseJson(field(call, 'arguments')) }];
}

/**
 * The reasoning in a message or a piece of one, under either of the names that servers use. Some send both. OpenAI's API
 * does not show it.
 */
export function reasoningOf(message: unknown): string | undefined {
  return textField(message, 'reasoning_content') || textField(message, 'reasoning') || undefined;
}

/** The text of a `thinking` part, which Mistral puts into the content. */
export function thinkingText(part: unknown): string {
  return (
    textField(part, 'thinking') ??
    first(arrayField(part, 'thinking'))
      .map((piece) => textField(piece, 'text') ?? '')
      .join('')
  );
}

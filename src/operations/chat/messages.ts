import type { Message, MessagePart } from '../../config/completion-types.ts';
import { blobPart } from '../../telemetry/content/media.ts';
import { parseJson, parseMedia, partsOf, textPart, UnreadMessage } from '../../telemetry/content/messages.ts';
import { answerFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import {
  arrayField,
  asArray,
  asObject,
  asText,
  countField,
  field,
  fieldsOf,
  first,
  MAX_READ,
  objectField,
  type PayloadObject,
  textField,
  tolerating,
} from '../../util/payload.ts';
import { readContentPart } from '../content-parts.ts';
import { citationParts } from '../sources.ts';
import { calledBy } from '../tool-calls.ts';

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
    const text = field(choice, 'text');
    // A choice of a legacy completion has a text instead of a message.
    const message =
      objectField(choice, 'message') ?? (typeof text === 'string' ? { content: text } : undefined);
    if (message === undefined) continue;
    messages.push({
      role: textField(message, 'role') ?? 'assistant',
      parts: readChatParts(message, true),
      finish_reason: answerFinishReason(textField(choice, 'finish_reason'), result),
    });
  }
  return messages;
}

const readChatParts: (message: unknown, isAnswer?: boolean) => MessagePart[] = tolerating(
  (message, isAnswer) => {
    const fields = fieldsOf(message);
    const { role, content, refusal, audio, tool_calls, function_call, tool_call_id } = fields;
    // The legacy `functions` API puts a result into a message with the role `function`.
    if (role === 'tool' || role === 'function') return [toolResponse(tool_call_id, content)];
    // There is no limit for what the program sends: completion hooks see everything.
    const most = isAnswer === true ? MAX_READ : Number.POSITIVE_INFINITY;
    // Set by our own accumulator for a cut text. Programs do not send this field.
    const lengths = isAnswer === true ? fields.original_lengths : undefined;
    // Citations are read only from answers: a program that sends an answer again may leave them out.
    const annotations = asArray(isAnswer === true ? fields.annotations : undefined);
    const parts = readChatContent(content, lengths, most);
    if (annotations.length > 0) parts.push(...citationParts(annotations));
    const reasoning = reasoningOf(fields);
    if (reasoning !== undefined)
      parts.unshift(textPart('reasoning', reasoning, countField(lengths, 'reasoning_content')));
    if (typeof refusal === 'string' && refusal !== '')
      parts.push(textPart('text', refusal, countField(lengths, 'refusal')));
    if (asObject(audio) !== undefined) parts.push(...readSpokenAnswer(audio));
    const calls = asArray(tool_calls);
    if (calls.length > 0) for (const part of partsOf(calls, readChatToolCallPart, most)) parts.push(part);
    if (asObject(function_call) !== undefined)
      parts.push(...readChatToolCallPart({ function: function_call }));
    return parts;
  },
);

/**
 * Reads the content of a message. One text becomes an array literal: pushing to an empty array allocates 17 elements.
 */
function readChatContent(content: unknown, lengths: unknown, most: number): MessagePart[] {
  if (Array.isArray(content)) return partsOf(content, readContentPart, most);
  if (typeof content !== 'string' || content === '') return [];
  if (lengths === undefined) return [{ type: 'text', content }];
  return [textPart('text', content, countField(lengths, 'content'))];
}

function toolResponse(callId: unknown, content: unknown): MessagePart {
  const id = asText(callId);
  const response = Array.isArray(content)
    ? content.map((part) => textField(part, 'text') ?? '').join('')
    : (content ?? null);
  return {
    type: 'tool_call_response',
    ...(id === undefined ? {} : { id }),
    response: parseMedia(response),
  };
}

/** The transcript of a spoken answer. A request refers to the answer by id. */
function readSpokenAnswer(audio: unknown): MessagePart[] {
  const transcript = textField(audio, 'transcript');
  const data = textField(audio, 'data');
  const id = textField(audio, 'id');
  // The size of audio that was too long to be kept.
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
  const called = calledBy(call);
  if (called === undefined) return [];
  const { name, given } = called;
  return [{ type: 'tool_call', ...(id === undefined ? {} : { id }), name, arguments: parseJson(given) }];
}

/**
 * The reasoning in a message or a piece of a message. Servers use two names for it, and some send both. OpenAI's API
 * does not send it.
 */
export function reasoningOf({ reasoning_content, reasoning }: PayloadObject): string | undefined {
  return asText(reasoning_content) ?? asText(reasoning);
}

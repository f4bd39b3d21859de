import type { Message, MessagePart } from '../../config/completion-types.ts';
import { blobPart } from '../../telemetry/content/media.ts';
import { parseJson, parseMedia, partsOf, textPart, UnreadMessage } from '../../telemetry/content/messages.ts';
import { answerFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import {
  arrayField,
  countField,
  field,
  first,
  MAX_READ,
  objectField,
  textField,
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
    const message = objectField(choice, 'message') ?? legacyMessage(field(choice, 'text'));
    if (message === undefined) continue;
    messages.push({
      role: textField(message, 'role') ?? 'assistant',
      parts: readChatParts(message, MAX_READ),
      finish_reason: answerFinishReason(textField(choice, 'finish_reason'), result),
    });
  }
  return messages;
}

/** The message for a choice of a legacy completion, which has a text instead of a message. */
function legacyMessage(text: unknown): object | undefined {
  return typeof text === 'string' ? { content: text } : undefined;
}

/** @param most the most parts of a kind. No limit for what the program sends: completion hooks see everything */
function readChatParts(message: unknown, most: number = Number.POSITIVE_INFINITY): MessagePart[] {
  const role = textField(message, 'role');
  // The legacy `functions` API puts a result into a message with the role `function`.
  if (role === 'tool' || role === 'function') return [toolResponse(message)];
  // Set by our own accumulator for a cut text. Programs do not send this field.
  const lengths = most === MAX_READ ? field(message, 'original_lengths') : undefined;
  const parts = readChatContent(field(message, 'content'), lengths, most);
  // Citations are read only from answers: a program that sends an answer again may leave them out.
  const annotations = most === MAX_READ ? arrayField(message, 'annotations') : [];
  if (annotations.length > 0) parts.push(...citationParts(annotations));
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
  if (call !== undefined) parts.push(...readChatToolCallPart({ function: call }));
  return parts;
}

/**
 * Reads the content of a message. One text becomes an array literal: pushing to an empty array allocates 17 elements.
 */
function readChatContent(content: unknown, lengths: unknown, most: number): MessagePart[] {
  if (Array.isArray(content)) return partsOf(content, readContentPart, most);
  if (typeof content !== 'string' || content === '') return [];
  if (lengths === undefined) return [{ type: 'text', content }];
  return [textPart('text', content, countField(lengths, 'content'))];
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
export function reasoningOf(message: unknown): string | undefined {
  return textField(message, 'reasoning_content') || textField(message, 'reasoning') || undefined;
}

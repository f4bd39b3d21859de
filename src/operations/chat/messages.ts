import type { Message, MessagePart } from '../../config/completion-types.ts';
import type { UnreadMessages } from '../../telemetry/content/content-writer.ts';
import { blobPart } from '../../telemetry/content/media.ts';
import { parseJson, parseMedia, partsOf, textPart } from '../../telemetry/content/messages.ts';
import { messageFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import {
  asArray,
  asText,
  countField,
  fieldsOf,
  first,
  MAX_READ,
  MAX_REPEATED,
  type PayloadObject,
  textField,
  tolerating,
} from '../../util/payload.ts';
import { citationParts } from '../citations.ts';
import { imagesOf, readContentPart } from '../content-parts.ts';
import { calledBy, toolCallsOf } from '../tool-calls.ts';

/** System and developer messages keep their role and place. */
export function readInputMessages(messages: unknown): UnreadMessages {
  const all = asArray(messages);
  return { length: all.length, at: (index) => readMessage(all[index]) };
}

export const readOutputMessages: (result: unknown) => Message[] = tolerating((result) => {
  const messages: Message[] = [];
  const choices = asArray(fieldsOf(result).choices);
  for (let index = 0; index < choices.length && index < MAX_REPEATED; index++) {
    const { message, text, finish_reason } = fieldsOf(choices[index]);
    // A choice of a legacy completion has a text instead of a message.
    const said = message ?? (typeof text === 'string' ? { content: text } : undefined);
    if (said !== undefined)
      messages.push(readMessage(said, messageFinishReason(asText(finish_reason), result)));
  }
  return messages;
});

/** Reads a message of a request or, with a finish reason, of an answer. */
const readMessage: (message: unknown, finishReason?: string) => Message = tolerating(
  (message, finishReason) => {
    const fields = fieldsOf(message);
    const { name: participant, content, refusal, audio, function_call, tool_call_id } = fields;
    const isAnswer = finishReason !== undefined;
    const role = asText(fields.role) ?? (isAnswer ? 'assistant' : 'user');
    const name = asText(participant);
    // The legacy `functions` API puts a result into a message with the role `function`.
    if (role === 'tool' || role === 'function') {
      const parts = [toolResponse(tool_call_id, content)];
      return name === undefined ? { role, parts } : { role, name, parts };
    }
    // There is no limit for what the program sends: completion hooks see everything.
    const most = isAnswer ? MAX_READ : Number.POSITIVE_INFINITY;
    // Set by our own accumulator for a cut text. Programs do not send this field.
    const lengths = isAnswer ? fields.original_lengths : undefined;
    const parts = readChatContent(content, lengths, most);
    if (fields.images) for (const part of partsOf(imagesOf(fields), readContentPart, most)) parts.push(part);
    // Citations are read only from answers, because a request that repeats an answer may lack them.
    const annotations = asArray(isAnswer ? fields.annotations : undefined);
    if (annotations.length > 0) parts.push(...citationParts(annotations));
    const reasoning = reasoningOf(fields);
    if (reasoning !== undefined)
      parts.unshift(textPart('reasoning', reasoning, countField(lengths, 'reasoning_content')));
    if (typeof refusal === 'string' && refusal !== '')
      parts.push(textPart('refusal', refusal, countField(lengths, 'refusal')));
    if (audio) parts.push(...readSpokenAnswer(audio));
    if (fields.tool_calls)
      for (const part of partsOf(toolCallsOf(fields), readChatToolCallPart, most)) parts.push(part);
    if (function_call) parts.push(...readChatToolCallPart({ function: function_call }));
    if (isAnswer) return { role, parts, finish_reason: finishReason };
    return name === undefined ? { role, parts } : { role, name, parts };
  },
);

/** One text becomes an array literal: a push makes V8 allocate 17 elements. */
function readChatContent(content: unknown, lengths: unknown, most: number): MessagePart[] {
  if (Array.isArray(content)) return partsOf(content, readContentPart, most);
  if (typeof content === 'object') return readContentPart(content);
  if (typeof content !== 'string' || content === '') return [];
  if (lengths === undefined) return [{ type: 'text', content }];
  return [textPart('text', content, countField(lengths, 'content'))];
}

function toolResponse(callId: unknown, content: unknown): MessagePart {
  const id = asText(callId);
  const parts = Array.isArray(content)
    ? partsOf(content, readContentPart, Number.POSITIVE_INFINITY)
    : undefined;
  const response = parts?.every((part) => part.type === 'text')
    ? parts.map((part) => (part.type === 'text' ? part.content : '')).join('')
    : (parts ?? content ?? null);
  return {
    type: 'tool_call_response',
    ...(id === undefined ? {} : { id }),
    response: parseMedia(response),
  };
}

/** In a request, a spoken answer has only its id. */
function readSpokenAnswer(audio: unknown): MessagePart[] {
  const transcript = textField(audio, 'transcript');
  const data = textField(audio, 'data');
  const id = textField(audio, 'id');
  // Our accumulator keeps only the size of audio that is too long.
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
 * The reasoning in a message or in a piece of one. Servers use several names for the field, and some send it under two
 * of them. OpenAI's API sends none.
 */
export function reasoningOf(message: PayloadObject): string | undefined {
  const { reasoning_content, reasoning, reasoning_text, reasoning_details: details } = message;
  const text = asText(reasoning_content) ?? asText(reasoning) ?? asText(reasoning_text);
  return text ?? (details === undefined || details === null ? undefined : detailedReasoning(details));
}

/** Encrypted details have neither a text nor a summary. */
function detailedReasoning(details: unknown): string | undefined {
  const texts = (Array.isArray(details) ? first(details, MAX_READ) : [details]).map(
    (detail: unknown) => textField(detail, 'text') ?? textField(detail, 'summary') ?? '',
  );
  return asText(texts.join(''));
}

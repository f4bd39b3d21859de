import type { Message } from '../config/completion-types.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { field, strings, tolerating } from '../util/payload.ts';
import { readOutputMessages } from './chat/messages.ts';
import { chat, samplingAttributes, stopSequences } from './chat.ts';

/**
 * The legacy API, which continues a prompt. Its answers are read like those of a chat.
 *
 * @see https://platform.openai.com/docs/api-reference/completions/create
 */
export const textCompletion: Operation = {
  ...chat,
  endpoints: ['POST /completions'],
  traits: { inference: 'text_completion', reportsUsageOnRequest: true },
  name: 'text_completion',
  parameterAttributes: tolerating(samplingAttributes),
  usage: usageIn,
  content: {
    input: (request) => ({
      parameters: stopSequences(request),
      inputMessages: readPrompts(field(request.body, 'prompt')),
    }),
    output: (result) => ({ outputMessages: readOutputMessages(result) }),
  },
};

/** Prompts that consist of token numbers are skipped: nobody can read them. */
function readPrompts(prompt: unknown): Message[] {
  const texts = typeof prompt === 'string' ? [prompt] : Array.isArray(prompt) ? strings(prompt) : [];
  return texts.map((content) => ({ role: 'user', parts: [{ type: 'text', content }] }));
}

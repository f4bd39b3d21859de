import type OpenAI from 'openai';

/** The answers of a server that a test writes out, for what the simulator never does. */

type FunctionCall = OpenAI.Chat.ChatCompletionMessageFunctionToolCall;

/** A call of a function, as a chat completion asks for it. */
export function functionCall(name: string, given = '{}', id = 'call_1'): FunctionCall {
  return { id, type: 'function', function: { name, arguments: given } };
}

/** A chat completion that asks for calls, or says something. */
export function completionBody(
  said: string | readonly FunctionCall[],
  more: object = {},
): Readonly<Record<string, unknown>> {
  const asks = typeof said !== 'string';
  const message = {
    role: 'assistant',
    refusal: null,
    ...(asks ? { content: null, tool_calls: said } : { content: said }),
  };
  return {
    id: 'chatcmpl_1',
    object: 'chat.completion',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message, finish_reason: asks ? 'tool_calls' : 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    ...more,
  };
}

/** A response with these items. */
export function responseBody(
  output: readonly object[],
  more: object = {},
): Readonly<Record<string, unknown>> {
  return {
    id: 'resp_1',
    object: 'response',
    model: 'gpt-4o-mini',
    status: 'completed',
    output,
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    ...more,
  };
}

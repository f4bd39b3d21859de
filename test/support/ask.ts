import type OpenAI from 'openai';

type Request = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

function requestOf(content: string, more: Partial<Request>): Request {
  return { model: 'gpt-4o', messages: [{ role: 'user', content }], ...more };
}

/** A chat completion with one message of the user. */
export function ask(
  { chat }: OpenAI,
  content = 'Hello',
  more: Partial<Request> = {},
): Promise<OpenAI.ChatCompletion> {
  return chat.completions.create(requestOf(content, more));
}

/** The same as a stream, read to its end. */
export async function askStreaming(
  { chat }: OpenAI,
  content = 'Hello',
  more: Partial<Request> = {},
): Promise<void> {
  for await (const _ of await chat.completions.create({ ...requestOf(content, more), stream: true }));
}

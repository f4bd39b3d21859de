import { type LibraryAgent, library } from './library.ts';

/** An agent of the program. */
export function newHelper(...tools: readonly object[]): LibraryAgent {
  return new library.Agent({ name: 'Helper', model: 'gpt-4o', tools });
}

/** A tool of the program. */
export function newTool(
  name: string,
  execute: (input: Readonly<Record<string, string>>) => unknown,
  options: Readonly<Record<string, unknown>> = {},
): object {
  return library.tool({
    name,
    description: name,
    strict: false,
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
    execute,
    ...options,
  });
}

/** A tool whose error reaches the program. */
export function newFatalTool(error: Error): object {
  const execute = (): never => {
    throw error;
  };
  return newTool('fail', execute, { errorFunction: null });
}

/** The output of a model that calls a function. */
export function calling(
  name: string,
  given: object = {},
  namespace?: string,
): { readonly function: { readonly name: string; readonly namespace?: string; readonly arguments: object } } {
  return { function: { name, ...(namespace !== undefined && { namespace }), arguments: given } };
}

/** An answer of the Chat Completions API: a call of a function, or a text. */
export function completion(given: {
  readonly call?: string;
  readonly text?: string;
  readonly usage: readonly [input: number, output: number];
}): object {
  const [prompt_tokens, completion_tokens] = given.usage;
  const call = given.call && {
    id: `call_${given.call}`,
    type: 'function',
    function: { name: given.call, arguments: '{}' },
  };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-2024-08-06',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: given.text ?? null, ...(call && { tool_calls: [call] }) },
        finish_reason: call ? 'tool_calls' : 'stop',
      },
    ],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  };
}

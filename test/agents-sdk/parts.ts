import { completionBody } from '../support/bodies.ts';
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

/** An answer of the Chat Completions API, with its tokens. */
export function completion(
  said: Parameters<typeof completionBody>[0],
  [prompt_tokens, completion_tokens]: readonly [input: number, output: number],
): object {
  const total_tokens = prompt_tokens + completion_tokens;
  return completionBody(said, { usage: { prompt_tokens, completion_tokens, total_tokens } });
}

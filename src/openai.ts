/**
 * Everything that `openai` exports, with its clients observed: for programs whose imports can be changed and
 * whose start command cannot.
 */
// By its name: what `require('openai')` gives is a function beside the class.
import { OpenAI } from 'openai';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from './client.ts';

instrumentOpenAI(OpenAI);

/**
 * A client that is observed, with settings of its own where they are given.
 *
 * @param options those of `new OpenAI()`
 */
export function createOpenAI(
  options?: ConstructorParameters<typeof OpenAI>[0],
  config?: OpenAIInstrumentationConfig,
): OpenAI {
  const client = new OpenAI(options);
  return config === undefined ? client : instrumentOpenAI(client, config);
}

export * from 'openai';
export { OpenAI as default };

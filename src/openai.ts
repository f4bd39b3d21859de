/**
 * A drop-in replacement for `openai`: the same exports, with every client instrumented. For programs that can
 * change an import but not their start command.
 */
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from './client.ts';
import { OpenAI } from './sdk/client-class.mjs';

instrumentOpenAI(OpenAI);

/**
 * Creates an instrumented client.
 *
 * @param options the options of `new OpenAI()`
 * @param config options of the instrumentation for this client alone; default: those of the whole process
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

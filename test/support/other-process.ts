import OpenAI from 'openai';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { forgetObservers } from './process-state.ts';
import type { Program } from './program.ts';

/** Another process: a client of the same API with a memory of its own. */
export function otherProcess(
  { simulator }: Pick<Program, 'simulator'>,
  config: OpenAIInstrumentationConfig,
): OpenAI {
  forgetObservers();
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  return instrumentOpenAI(client, { cost: false, ...config });
}

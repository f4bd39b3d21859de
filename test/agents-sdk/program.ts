import { onTestFinished } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { type Program, type ProgramOptions, startProgram } from '../support/program.ts';
import { type LibraryRunner, library } from './library.ts';

/** A program of `@openai/agents` that talks to the simulator. */
export interface AgentsProgram extends Program {
  readonly runner: LibraryRunner;
  newRunner(config?: Readonly<Record<string, unknown>>): LibraryRunner;
}

export interface AgentsProgramOptions extends ProgramOptions {
  /** Whether the library records its traces. By itself it does not where `NODE_ENV` is `test`. Default `true`. */
  readonly tracing?: boolean;
  /** Default `responses`. */
  readonly api?: 'responses' | 'chat';
}

export async function startAgents(options: AgentsProgramOptions = {}): Promise<AgentsProgram> {
  const program = await startProgram(options);
  const instrumentation = new OpenAIInstrumentation({ cost: false, ...options.config });
  const stop = instrumentAgents();
  library.setTraceProcessors([]);
  library.setTracingDisabled(options.tracing === false);
  onTestFinished(() => {
    stop();
    instrumentation.disable();
  });
  const modelProvider = new library.OpenAIProvider({
    openAIClient: program.client,
    useResponses: options.api !== 'chat',
  });
  const newRunner: AgentsProgram['newRunner'] = (config = {}) =>
    new library.Runner({ modelProvider, ...config });
  return { ...program, newRunner, runner: newRunner() };
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

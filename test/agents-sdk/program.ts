import { describe, onTestFinished } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';
import type { OutputScript } from '../support/simulator/index.ts';
import { type LibraryRunner, library } from './library.ts';

export { calling, completion, newFatalTool, newHelper, newTool } from './parts.ts';

/** A program of `@openai/agents` that talks to the simulator. */
export interface AgentsProgram extends Program {
  readonly runner: LibraryRunner;
  newRunner(config?: Readonly<Record<string, unknown>>): LibraryRunner;
  /** Scripts what the model answers over Responses, one after the other: its output, or only a text. */
  answer(...outputs: readonly (string | readonly OutputScript[])[]): void;
}

export interface AgentsProgramOptions extends SessionOptions {
  /** Whether the library records its traces. By itself it does not where `NODE_ENV` is `test`. Default `true`. */
  readonly tracing?: boolean;
  /** Default `responses`. */
  readonly api?: 'responses' | 'chat';
}

/** Tests that hold where the library records its traces, and where it does not. */
export function tracingOrNot(tests: (tracing: boolean) => void): void {
  describe.each([true, false])('where the library traces: %s', tests);
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
  const answer: AgentsProgram['answer'] = (...outputs) =>
    program.simulator.respond(
      ...outputs.map((output) => ({ output: typeof output === 'string' ? [{ message: output }] : output })),
    );
  return { ...program, newRunner, runner: newRunner(), answer };
}

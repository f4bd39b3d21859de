import { onTestFinished } from 'vitest';
import { OpenAIInstrumentation, type OpenAIInstrumentationConfig } from '../../src/index.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';

/** A program whose instrumentation represents the whole process, as the helpers ask for it. */
export async function startTracedProgram(
  config: OpenAIInstrumentationConfig = {},
  options: SessionOptions = {},
): Promise<Program> {
  const program = await startProgram({ ...options, config });
  const instrumentation = new OpenAIInstrumentation(config);
  onTestFinished(() => instrumentation.disable());
  return program;
}

import { onTestFinished } from 'vitest';
import { OpenAIInstrumentation, type OpenAIInstrumentationConfig } from '../../src/index.ts';
import { type Program, type ProgramOptions, startProgram } from '../support/program.ts';

/** A program whose instrumentation represents the whole process, as the helpers ask for it. */
export async function startTracedProgram(
  config: OpenAIInstrumentationConfig = {},
  options: ProgramOptions = {},
): Promise<Program> {
  const program = await startProgram({ ...options, config });
  const instrumentation = new OpenAIInstrumentation(config);
  onTestFinished(() => instrumentation.disable());
  return program;
}

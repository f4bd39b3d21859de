import { assertSpanTree } from '../../src/testing.ts';
import { type Program, type ProgramOptions, startProgram } from './program.ts';

/** A program with an assistant and a thread that has one question; its trees begin after that was set up. */
export interface Tutor extends Program {
  readonly assistantId: string;
  readonly threadId: string;
}

export async function startTutor(options: ProgramOptions = {}): Promise<Tutor> {
  const program = await startProgram(options);
  const { client, telemetry } = program;
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await program.inSpan(
    () => client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] }),
    'set-up',
  );
  const recorded = telemetry.spans.length;
  return {
    ...program,
    assistantId: assistant.id,
    threadId: thread.id,
    async expectTree(expected) {
      await telemetry.provider.forceFlush();
      assertSpanTree(telemetry.spans.slice(recorded), expected);
    },
  };
}

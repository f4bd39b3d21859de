import { assertSpanTree } from '../../src/testing.ts';
import { type Program, type ProgramOptions, startProgram } from './program.ts';
import type { TurnScript } from './simulator/index.ts';

/** What sessions run in, where their agent needs no machine. */
export const environment: { readonly type: 'none' } = { type: 'none' };

export interface AgentProgram extends Program {
  readonly agentId: string;
}

/** A program with a saved agent; its trees begin after that, and leave out what it only reads. */
export async function startAgentProgram(
  turns: readonly TurnScript[],
  options: ProgramOptions = {},
): Promise<AgentProgram> {
  const program = await startProgram(options);
  program.simulator.turn(...turns);
  const agent = await program.client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
  const recorded = program.telemetry.spans.length;
  return {
    ...program,
    agentId: agent.id,
    async expectTree(expected) {
      await program.telemetry.provider.forceFlush();
      assertSpanTree(
        program.telemetry.spans.slice(recorded).filter(({ name }) => !name.startsWith('GET ')),
        expected,
      );
    },
  };
}

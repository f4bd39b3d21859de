import { expect, it } from 'vitest';
import { type AgentProgram, startAgentProgram } from '../support/agent-program.ts';
import { holdRequests } from '../support/hold-requests.ts';
import type { ItemScript, TurnScript } from '../support/simulator/index.ts';
import { outsideOfParent } from '../support/times.ts';

function command(text: string): ItemScript {
  return { command: { command: text, output: 'x' } };
}

/** A turn with a tool call, whose subagent has two. Each turn has tokens of its own. */
function delegating(tokens: number): TurnScript {
  const items = [command('cat a'), command('cat b')];
  const usage = { prompt: 1, completion: 1 };
  return {
    items: [command('ls'), { subagent: { name: 'Reader', task: 'Read it.', items, usage } }],
    usage: { prompt: tokens, completion: 1 },
  };
}

const TURNS = [delegating(100), delegating(1_000)];

interface LateProgram extends AgentProgram {
  /** Lets the reads go. */
  release(): void;
}

/** A program whose background reads of turns reach the server only when they are released, all of it within a second. */
async function startLate(turns: readonly TurnScript[] = TURNS): Promise<LateProgram> {
  const { fetch, release } = holdRequests('/turns', 'unasked');
  const program = await startAgentProgram(turns, { client: { fetch } });
  program.simulator.clock.stop();
  return { ...program, release };
}

const TREE = `
  program
  └─ session                                 openai.total.input_tokens=1102
     ├─ invoke_agent Helper                  openai.total.input_tokens=101 gen_ai.usage.input_tokens=100
     │  ├─ execute_tool command_execution
     │  ├─ execute_tool create_subagent
     │  ├─ execute_tool wait_for_subagents
     │  ├─ execute_tool close_subagent
     │  └─ invoke_agent Reader               openai.total.input_tokens=1 gen_ai.usage.input_tokens=1
     │     ├─ execute_tool command_execution
     │     └─ execute_tool command_execution
     └─ invoke_agent Helper                  openai.total.input_tokens=1001 gen_ai.usage.input_tokens=1000
        ├─ execute_tool command_execution
        ├─ execute_tool create_subagent
        ├─ execute_tool wait_for_subagents
        ├─ execute_tool close_subagent
        └─ invoke_agent Reader               openai.total.input_tokens=1 gen_ai.usage.input_tokens=1
           ├─ execute_tool command_execution
           └─ execute_tool command_execution
`;

// After the last of these, both have ended and are read together.
it.each([1, 2, 3, 4, 5, 6, 7, 20])(
  'turns within a second have their own subagents if they are read after %d polls of the second',
  async (polls) => {
    const program = await startLate();
    const { sessions } = program.client.beta.agents;
    await program.inSpan(async () => {
      const { id } = await program.create('first');
      await program.poll(id);
      await program.send(id, 'second');
      for (let count = 0; count < polls; count++) await sessions.retrieve(id);
      program.release();
      // The subagents' turns have been listed, or nothing is left to read.
      await expect.poll(() => program.simulator.requests.at(-1)?.path).toMatch(/items|subagents/);
      await program.poll(id);
    });
    await program.expectTree(TREE);
  },
);

it('a subagent with a subagent of its own is above that one if both are read with the turn', async () => {
  const checker = { subagent: { name: 'Checker', task: 'Check it.', items: [command('cat c')] } };
  const reader = { subagent: { name: 'Reader', task: 'Read it.', items: [checker] } };
  const program = await startLate([{ items: [reader] }]);
  await program.inSpan(async () => {
    const { id } = await program.create('first');
    await program.poll(id);
  });
  program.release();
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper
          ├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          ├─ execute_tool close_subagent
          └─ invoke_agent Reader
             ├─ invoke_agent Checker
             │  └─ execute_tool command_execution
             ├─ execute_tool create_subagent
             ├─ execute_tool wait_for_subagents
             └─ execute_tool close_subagent
  `);
});

it('the turn of a subagent that is read late ends within the turn that waited for it, although the second has passed', async () => {
  const program = await startLate();
  const { client, simulator, telemetry } = program;
  await program.inSpan(async () => {
    const { id } = await program.create('first');
    await client.beta.agents.sessions.retrieve(id);
    simulator.clock.offset += 1;
    await program.poll(id);
  });
  program.release();
  await telemetry.provider.forceFlush();
  expect(program.ended('invoke_agent Reader')).toHaveLength(1);
  expect(outsideOfParent(program.ended('invoke_agent'))).toEqual([]);
});

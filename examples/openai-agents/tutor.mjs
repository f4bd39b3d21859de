import { Agent, codeInterpreterTool, fileSearchTool, run, tool, withTrace } from '@openai/agents';
import { z } from 'zod';

/** The length of each unit in meters. */
const UNITS = { m: 1, km: 1000, mi: 1609.344 };
const unit = z.enum(['m', 'km', 'mi']);

const convertLength = tool({
  name: 'convert_length',
  description: 'Converts a length from one unit to another.',
  parameters: z.object({ value: z.number(), from: unit, to: unit }),
  execute: ({ value, from, to }) => `${((value * UNITS[from]) / UNITS[to]).toFixed(2)} ${to}`,
});

const tutor = new Agent({
  name: 'Math Tutor',
  model: 'gpt-4o-mini',
  instructions: 'You are a personal math tutor. Answer questions briefly, in a sentence or less.',
  tools: [codeInterpreterTool(), fileSearchTool('vs_school_books'), convertLength],
});

const secretary = Agent.create({
  name: 'Secretary',
  model: 'gpt-4o-mini',
  instructions: 'Hand questions about math over to the tutor.',
  handoffs: [tutor],
});

/**
 * A lesson of two questions, the second streamed.
 *
 * @param say prints a speaker and what is said
 */
export async function giveLesson(say) {
  await withTrace(
    'tutoring session',
    async () => {
      const first = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
      say('Student', first);
      const answer = await run(secretary, first);
      say('Tutor', answer.finalOutput);

      const second = 'How long is the marathon in my textbook, in miles?';
      say('Student', second);
      const input = [...answer.history, { role: 'user', content: second }];
      const stream = await run(answer.lastAgent, input, { stream: true });
      await stream.completed;
      say('Tutor', stream.finalOutput);
    },
    { groupId: 'lesson-1' },
  );
}

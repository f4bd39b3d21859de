import OpenAI from 'openai';
import { recordSessionTraces } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();
const { agents } = client.beta;

const agent = await agents.create({
  name: 'Travel Agent',
  model: 'gpt-5',
  tools: [
    {
      type: 'function',
      name: 'find_trains',
      description: 'Finds trains between two cities.',
      parameters: { type: 'object', properties: { from: { type: 'string' }, to: { type: 'string' } } },
    },
  ],
});

// Functions of this program that the agent may call. The SDK calls them while it reads the session's events.
const toolHandlers = {
  find_trains: ({ from, to }) => ({ trains: [`08:02 ${from} to ${to}`, `10:02 ${from} to ${to}`] }),
};

const { id } = await agents.sessions.create({ agent_id: agent.id, environment: { type: 'none' } });
for (const input of ['How do I get from Oslo to Rome?', 'Which of these is cheaper?']) {
  const turn = await agents.sessions.stream(id, { input, toolHandlers }).finalResult();
  console.log(turn.output_text);
}

// What OpenAI itself has recorded of the turns comes below them.
await recordSessionTraces(client, id);

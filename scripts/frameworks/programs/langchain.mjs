// LangChain: a model with structured output, and an agent with a tool.
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { DESCRIPTION, MODEL, NAME, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const model = new ChatOpenAI({
  model: MODEL,
  apiKey: 'test',
  maxRetries: 1,
  configuration: { baseURL: process.env.BASE_URL },
});
const solving = tool(solve, {
  name: NAME,
  description: DESCRIPTION,
  schema: z.object({ equation: z.string() }),
});

async function main() {
  const schema = z.object({ answer: z.string() });
  const answer = await model.withStructuredOutput(schema, { method: 'functionCalling' }).invoke(QUESTION);
  const agent = createAgent({ model, tools: [solving] });
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: QUESTION }] });
  return { answer, messages: messages.map((message) => [message.getType(), message.content]) };
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));

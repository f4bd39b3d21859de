// A graph with a model and a tool, as its documentation shows it.
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { DESCRIPTION, MODEL, NAME, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

const solving = tool(solve, {
  name: NAME,
  description: DESCRIPTION,
  schema: z.object({ equation: z.string() }),
});
const model = new ChatOpenAI({
  model: MODEL,
  apiKey: 'test',
  maxRetries: 0,
  configuration: { baseURL: process.env.BASE_URL },
}).bindTools([solving]);

const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addNode('tools', new ToolNode([solving]))
  .addEdge('__start__', 'model')
  .addConditionalEdges('model', toolsCondition)
  .addEdge('tools', 'model')
  .compile({ checkpointer: new MemorySaver() });

async function main() {
  const inThread = { configurable: { thread_id: 'thread-1' } };
  const { messages } = await graph.invoke({ messages: [new HumanMessage(QUESTION)] }, inThread);
  return messages.at(-1).content;
}

const { around = (run) => run() } = await import(process.env.AROUND ?? 'data:text/javascript,');
writeResult(await around(main));

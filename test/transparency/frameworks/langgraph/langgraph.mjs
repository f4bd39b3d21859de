// A graph with a model and a tool.
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { caught } from '../runtime/requests.mjs';

const THREAD = { configurable: { thread_id: 'thread-1' } };
const input = () => ({ messages: [new HumanMessage('Hi')] });

function newGraph({ options: { apiKey, baseURL, maxRetries } }) {
  const echo = tool(({ word }) => `echo ${word}`, {
    name: 'echo',
    description: 'Repeats a word',
    schema: z.object({ word: z.string() }),
  });
  const settings = { model: 'gpt-4o', apiKey, maxRetries, configuration: { baseURL } };
  const model = new ChatOpenAI(settings).bindTools([echo]);
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode('tools', new ToolNode([echo]))
    .addEdge('__start__', 'model')
    .addConditionalEdges('model', toolsCondition)
    .addEdge('tools', 'model')
    .compile({ checkpointer: new MemorySaver() });
}

/** What can be compared of a message. */
function shown(message) {
  const { content, tool_calls: calls, usage_metadata: usage, response_metadata: metadata } = message;
  return { type: message.getType(), content, calls, usage, metadata };
}

export default {
  async 'graph-invoked'(world) {
    const { messages } = await newGraph(world).invoke(input(), THREAD);
    return messages.map(shown);
  },

  async 'graph-streamed'(world) {
    const pieces = [];
    for await (const [message, { langgraph_node }] of await newGraph(world).stream(input(), {
      ...THREAD,
      streamMode: 'messages',
    }))
      pieces.push([langgraph_node, shown(message)]);
    return pieces;
  },

  async 'graph-fails'(world) {
    const { thrown } = await caught(() => newGraph(world).invoke(input(), THREAD));
    return [thrown.constructor.name, thrown.message, thrown.status, thrown.lc_error_code];
  },
};

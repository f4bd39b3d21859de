import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { newGraph } from '../runtime/graph.mjs';
import { caught } from '../runtime/requests.mjs';

const PARTS = { tool, MemorySaver, MessagesAnnotation, StateGraph, ToolNode, toolsCondition, ChatOpenAI, z };
const THREAD = { configurable: { thread_id: 'thread-1' } };

export default async ({ options }) => {
  const graph = newGraph(PARTS, options);
  const { thrown } = await caught(() => graph.invoke({ messages: [new HumanMessage('Hi')] }, THREAD));
  return [thrown.constructor.name, thrown.message, thrown.status, thrown.lc_error_code];
};

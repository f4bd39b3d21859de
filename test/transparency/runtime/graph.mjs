// A graph with a model and a tool, from the parts that a program hands over.
export function newGraph(
  { tool, MemorySaver, MessagesAnnotation, StateGraph, ToolNode, toolsCondition, ChatOpenAI, z },
  options,
) {
  const { apiKey, baseURL, maxRetries } = options;
  const echo = tool(({ word }) => `echo ${word}`, {
    name: 'echo',
    description: 'Repeats a word',
    schema: z.object({ word: z.string() }),
  });
  const model = new ChatOpenAI({ model: 'gpt-4o', apiKey, maxRetries, configuration: { baseURL } }).bindTools(
    [echo],
  );
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode('tools', new ToolNode([echo]))
    .addEdge('__start__', 'model')
    .addConditionalEdges('model', toolsCondition)
    .addEdge('tools', 'model')
    .compile({ checkpointer: new MemorySaver() });
}

/** What can be compared of messages. */
export function shown(messages) {
  return messages.map((message) => ({
    type: message.getType(),
    content: message.content,
    calls: message.tool_calls,
    usage: message.usage_metadata,
    metadata: message.response_metadata,
  }));
}

// What programs of @openai/agents do here. Each is handed the library, as its own module system has loaded it.
const { readFileSync, writeFileSync } = require('node:fs');

const PARAMETERS = { type: 'object', properties: {}, required: [], additionalProperties: true };

function newTool({ tool }, name, execute, more = {}) {
  return tool({ name, description: name, parameters: PARAMETERS, strict: false, execute, ...more });
}

function newRunner({ OpenAIProvider, Runner }, client) {
  return new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client }) });
}

/** An agent with a tool, whose calls go over a WebSocket of the library's own. */
exports.webSocket = async ({ library, client }) => {
  const { Agent, OpenAIProvider, Runner } = library;
  const modelProvider = new OpenAIProvider({ openAIClient: client, useResponsesWebSocket: true });
  const agent = new Agent({
    name: 'Helper',
    model: 'gpt-4o',
    tools: [newTool(library, 'echo', () => 'Yes.')],
  });
  const { finalOutput } = await new Runner({ modelProvider }).run(agent, 'Hi');
  await modelProvider.close();
  return finalOutput;
};

/** A run with a tool, and two of one session. */
exports.toolAndSession = async ({ library, client }) => {
  const { Agent, MemorySession } = library;
  const runner = newRunner(library, client);
  const tools = [newTool(library, 'echo', () => 'Yes.')];
  const agent = new Agent({ name: 'Helper', model: 'gpt-4o', tools });
  const session = new MemorySession({ sessionId: 'session-1' });
  const outputs = [];
  for (const options of [undefined, { session }, { session }])
    outputs.push((await runner.run(agent, 'Hi', options)).finalOutput);
  return outputs;
};

/** An agent of one copy of the library whose tool runs an agent of another. */
exports.copies = async ({ library, other, client }) => {
  const inner = new other.Agent({ name: 'Inner', model: 'gpt-4o' });
  const ask = newTool(library, 'ask', async () => {
    return (await newRunner(other, client).run(inner, 'Hi')).finalOutput;
  });
  const outer = new library.Agent({ name: 'Outer', model: 'gpt-4o', tools: [ask] });
  return (await newRunner(library, client).run(outer, 'Hi')).finalOutput;
};

/** A realtime agent that is asked once. */
exports.voice = async ({ realtime }) => {
  const { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } = realtime;
  const transport = new OpenAIRealtimeWebSocket();
  const session = new RealtimeSession(new RealtimeAgent({ name: 'Voice' }), { transport });
  const types = [];
  const done = new Promise((resolve) => {
    session.on('transport_event', ({ type }) => {
      types.push(type);
      if (type === 'response.done') resolve();
    });
  });
  await session.connect({
    apiKey: 'test',
    url: `${process.env.BASE_URL.replace('http', 'ws')}/realtime?model=gpt-realtime`,
  });
  session.sendMessage('Hi');
  await done;
  session.close();
  return types;
};

function newAgentWithApproval(library) {
  const remove = newTool(library, 'remove', () => 'Removed.', { needsApproval: true });
  return new library.Agent({ name: 'Helper', model: 'gpt-4o', tools: [remove] });
}

/** An agent that waits for an approval. Its state goes to a file. */
exports.ask = async ({ library, client }) => {
  const { state } = await newRunner(library, client).run(newAgentWithApproval(library), 'Remove it');
  writeFileSync(process.env.STATE, state.toString());
  return state.getInterruptions().length;
};

/** What a person has approved of continues, from that file. */
exports.resume = async ({ library, client }) => {
  const agent = newAgentWithApproval(library);
  const state = await library.RunState.fromString(agent, readFileSync(process.env.STATE, 'utf8'));
  for (const each of state.getInterruptions()) state.approve(each);
  return (await newRunner(library, client).run(agent, state)).finalOutput;
};

import { expect, it, onTestFinished } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { ConversationIdGenerator } from '../../src/index.ts';
import { Observer } from '../../src/pipeline/observer.ts';
import { seamsIn } from '../../src/sdk/observed-classes.ts';
import { library } from './library.ts';
import {
  type AgentsProgram,
  type AgentsProgramOptions,
  calling,
  newHelper,
  newTool,
  startAgents,
  tracingOrNot,
} from './program.ts';

const { Agent, MemorySession } = library;

/** A program whose runs are observed, as they are where the module hooks see the library. */
async function startObserved(options: AgentsProgramOptions = {}): Promise<AgentsProgram> {
  const [seam] = seamsIn(library, 'agents');
  const observer = new Observer();
  seam?.addDefault(observer);
  onTestFinished(() => seam?.removeDefault(observer));
  return startAgents(options);
}

const echo = newTool('echo', () => 'Yes');
const helper = newHelper(echo);

tracingOrNot((tracing) => {
  it.each([
    ['even with a session', startObserved],
    ['also where nothing sees the library being loaded', startAgents],
  ])('names the conversation by the group, %s', async (_, start) => {
    const { newRunner, expectTree, answer } = await start({ tracing });
    answer([calling('echo')], 'Yes.');
    const session = new MemorySession({ sessionId: 'session-1' });
    await newRunner({ groupId: 'chat-1', workflowName: 'Support' }).run(helper, 'Hi', { session });
    await expectTree(`
    invoke_workflow Support  gen_ai.conversation.id=chat-1
    └─ invoke_agent Helper   gen_ai.conversation.id=chat-1
       ├─ chat gpt-4o        gen_ai.conversation.id=chat-1
       ├─ execute_tool echo  gen_ai.conversation.id=chat-1
       └─ chat gpt-4o        gen_ai.conversation.id=chat-1
  `);
  });

  it('keeps the sessions of several runs within one trace apart', async () => {
    const { runner, expectTree, answer } = await startObserved({ tracing });
    answer('1', '2', '3');
    await library.withTrace('Two', async () => {
      await runner.run(helper, 'a', { session: new MemorySession({ sessionId: 'session-1' }) });
      await runner.run(helper, 'b', { session: new MemorySession({ sessionId: 'session-2' }) });
      await runner.run(helper, 'c');
    });
    await expectTree(`
    invoke_workflow Two
    ├─ invoke_agent Helper  gen_ai.conversation.id=session-1
    │  └─ chat gpt-4o       gen_ai.conversation.id=session-1
    ├─ invoke_agent Helper  gen_ai.conversation.id=session-2
    │  └─ chat gpt-4o       gen_ai.conversation.id=session-2
    └─ invoke_agent Helper
       └─ chat gpt-4o
  `);
  });

  it.each(['run', 'asTool'] as const)(
    'names the conversation of a run inside a tool by its own session: %s',
    async (kind) => {
      const { runner, newRunner, simulator, expectTree } = await startObserved({ tracing });
      const inner = new Agent({ name: 'Inner', model: 'gpt-4o', tools: [echo] });
      const runOptions = { session: new MemorySession({ sessionId: 'session-2' }) };
      const ask =
        kind === 'run'
          ? newTool('ask', async () => (await newRunner().run(inner, 'Hi', runOptions)).finalOutput)
          : inner.asTool({ toolName: 'ask', toolDescription: 'Asks.', runOptions });
      const outer = new Agent({ name: 'Outer', model: 'gpt-4o', tools: [ask] });
      const script = [
        { output: [calling('ask', { input: 'Hi' })] },
        { output: [calling('echo')] },
        { output: [{ message: 'Yes.' }] },
        { output: [{ message: 'Yes.' }] },
      ];
      simulator.respond(...script, ...script);
      const session = new MemorySession({ sessionId: 'session-1' });
      await runner.run(outer, 'Hi', { session });
      await newRunner({ groupId: 'chat-1' }).run(outer, 'Hi', { session });
      const tree = (outer: string, inner: string): string => `
        invoke_workflow Agent workflow   gen_ai.conversation.id=${outer}
        └─ invoke_agent Outer            gen_ai.conversation.id=${outer}
           ├─ chat gpt-4o                gen_ai.conversation.id=${outer}
           ├─ execute_tool ask           gen_ai.conversation.id=${outer}
           │  └─ invoke_agent Inner      gen_ai.conversation.id=${inner}
           │     ├─ chat gpt-4o          gen_ai.conversation.id=${inner}
           │     ├─ execute_tool echo    gen_ai.conversation.id=${inner}
           │     └─ chat gpt-4o          gen_ai.conversation.id=${inner}
           └─ chat gpt-4o                gen_ai.conversation.id=${outer}
      `;
      await expectTree(tree('session-1', 'session-2') + tree('chat-1', 'chat-1'));
    },
  );

  it('names the conversation of a run inside a tool by the one that the program names there', async () => {
    const { runner, newRunner, expectTree, answer } = await startObserved({ tracing });
    const ask = newTool('ask', () =>
      withConversation('other', async () => (await newRunner().run(helper, 'Hi')).finalOutput),
    );
    answer([calling('ask')], 'Yes.', 'Yes.');
    const outer = new Agent({ name: 'Outer', model: 'gpt-4o', tools: [ask] });
    await runner.run(outer, 'Hi', { session: new MemorySession({ sessionId: 'session-1' }) });
    await expectTree(`
    invoke_workflow Agent workflow  gen_ai.conversation.id=session-1
    └─ invoke_agent Outer           gen_ai.conversation.id=session-1
       ├─ chat gpt-4o               gen_ai.conversation.id=session-1
       ├─ execute_tool ask          gen_ai.conversation.id=session-1
       │  └─ invoke_agent Helper    gen_ai.conversation.id=other
       │     └─ chat gpt-4o         gen_ai.conversation.id=other
       └─ chat gpt-4o               gen_ai.conversation.id=session-1
  `);
  });
});

it('keeps the calls below their agents where conversations have traces of their own, but not those of other conversations', async () => {
  const { client, newRunner, inSpan, telemetry, expectTree, answer } = await startObserved({
    config: { conversationSpans: 'trace' },
  });
  const ask = newTool('ask', () =>
    withConversation('other', () =>
      client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x?' }] }),
    ),
  );
  const asking = newHelper(ask);
  answer([calling('ask')], 'Yes.');
  await inSpan(() => newRunner({ groupId: 'chat-1' }).run(asking, 'Hi'));
  await telemetry.provider.shutdown();
  await expectTree(`
      program
      └─ invoke_workflow Agent workflow  gen_ai.conversation.id=chat-1
         └─ invoke_agent Helper          gen_ai.conversation.id=chat-1
            ├─ chat gpt-4o               gen_ai.conversation.id=chat-1
            ├─ execute_tool ask          gen_ai.conversation.id=chat-1
            └─ chat gpt-4o               gen_ai.conversation.id=chat-1

      conversation                       gen_ai.conversation.id=other
      └─ chat gpt-4o-mini                gen_ai.conversation.id=other
    `);
});

it('keeps the calls of a tool, in the conversation of the run, below that tool', async () => {
  const { client, newRunner, inSpan, telemetry, expectTree, answer } = await startObserved({
    config: { conversationSpans: 'trace' },
  });
  const ask = newTool('ask', () => client.embeddings.create({ model: 'small', input: 'x' }));
  answer([calling('ask')], 'Yes.');
  await inSpan(() => newRunner({ groupId: 'chat-1' }).run(newHelper(ask), 'Hi'));
  await telemetry.provider.shutdown();
  await expectTree(`
    program
    └─ invoke_workflow Agent workflow  gen_ai.conversation.id=chat-1
       └─ invoke_agent Helper          gen_ai.conversation.id=chat-1
          ├─ chat gpt-4o               gen_ai.conversation.id=chat-1
          ├─ execute_tool ask          gen_ai.conversation.id=chat-1
          │  └─ embeddings small       gen_ai.conversation.id=chat-1
          └─ chat gpt-4o               gen_ai.conversation.id=chat-1
  `);
});

it('puts the runs of a session into one trace where trace ids are derived', async () => {
  const { runner, telemetry, answer } = await startObserved({
    idGenerator: new ConversationIdGenerator(),
  });
  answer('1', '2');
  for (const input of ['a', 'b'])
    await runner.run(helper, input, { session: new MemorySession({ sessionId: 'session-1' }) });
  expect(telemetry.spans.filter(({ name }) => name.startsWith('invoke_workflow'))).toHaveLength(2);
  expect(new Set(telemetry.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
});

it('asks the session for nothing that the library does not ask for', async () => {
  const asked: string[] = [];
  const ask = async (method: string): Promise<undefined> => void asked.push(method);
  const session = {
    getSessionId: () => ask('getSessionId'),
    getItems: async () => (await ask('getItems')) ?? [],
    addItems: () => ask('addItems'),
    popItem: () => ask('popItem'),
    clearSession: () => ask('clearSession'),
  };
  const run = async ({ runner, answer }: AgentsProgram): Promise<readonly string[]> => {
    answer('Yes.');
    await runner.run(helper, 'Hi', { session });
    return asked.splice(0);
  };
  const without = await run(await startAgents());
  expect(without).toContain('getItems');
  expect(await run(await startObserved())).toEqual(without);
});

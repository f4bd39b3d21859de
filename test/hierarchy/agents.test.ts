import { expect, it } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { agents } from '../../src/hierarchy/dialects/agents.ts';
import { type AgentProgram, environment, messageEvent, startAgentProgram } from '../support/agent-program.ts';
import { answersWithout } from '../support/answers-without.ts';
import { startProgram } from '../support/program.ts';
import { recordFacts } from '../support/recording-sink.ts';
import type { TurnScript } from '../support/simulator/index.ts';
import { timedTools } from '../support/timed-tools.ts';

const RESEARCH: TurnScript = {
  items: [
    { reasoning: 'I should look it up.' },
    { webSearch: { query: 'tariffs' } },
    { command: { command: 'cat tariffs.csv', output: '7' } },
    { mcp: { name: 'lookup', arguments: { key: 'tariff' }, output: { value: 7 } } },
    { message: 'The tariff is 7.' },
  ],
  usage: { prompt: 381, completion: 88, cached: 128, reasoning: 10 },
};

const WEATHER: TurnScript = {
  items: [
    {
      functions: [
        { name: 'get_weather', arguments: { city: 'Paris' } },
        { name: 'get_time', arguments: {} },
      ],
    },
    { message: 'Sunny.' },
  ],
};

const DELEGATION: TurnScript = {
  items: [
    {
      subagent: {
        name: 'Reader',
        task: 'Read the file.',
        items: [{ command: { command: 'cat file', output: 'text' } }, { message: 'It says text.' }],
        usage: { prompt: 40, completion: 4 },
      },
    },
    { message: 'The file says text.' },
  ],
  usage: { prompt: 100, completion: 20 },
};

const RESEARCH_TREE = `
  program
  └─ session                          openai.session.id={session} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1
     └─ invoke_agent Helper           openai.turn.id={turn} openai.run.status=completed openai.total.input_tokens=381 openai.total.output_tokens=88 gen_ai.usage.input_tokens=381 gen_ai.usage.output_tokens=88
        ├─ execute_tool web_search    openai.item.id={search} openai.tool.type=web_search
        ├─ execute_tool command_execution  openai.item.id={command} openai.tool.type=command_execution
        └─ execute_tool lookup        openai.item.id={lookup} openai.tool.type=mcp openai.mcp.server_label=tools
`;

interface StreamedEvent {
  readonly type: string;
  readonly turn?: { readonly subagent_id: string | null };
}

/** Leaves the stream of a new session at an event, and then polls the session until it is idle. */
async function leaveAndPoll(
  { client, agentId, poll }: AgentProgram,
  isLast: (event: StreamedEvent) => boolean,
): Promise<void> {
  const asked = { agent_id: agentId, environment, input: 'What is the tariff?', stream: true } as const;
  let id = '';
  for await (const event of await client.beta.agents.sessions.create(asked)) {
    if (event.type === 'agent.session.created') id = event.session.id;
    if (isLast(event)) break;
  }
  await poll(id);
}

interface Way {
  readonly does: string;
  readonly follow: (program: AgentProgram) => Promise<unknown>;
  /** A request of the program's own that is recorded beside the session. */
  readonly beside?: string;
  readonly config?: OpenAIInstrumentationConfig;
}

const WAYS: readonly Way[] = [
  { does: 'creates its session as a stream', follow: ({ converse }) => converse() },
  {
    does: 'uses the stream helper in an existing session',
    follow: async ({ create, stream }) => stream((await create()).id, 'What is the tariff?'),
    beside: 'POST /agents/sessions  openai.session.id={session}',
  },
  {
    does: 'opens a stream during the turn, whose beginning is read from the API',
    async follow({ client, create, follow }) {
      const { sessions } = client.beta.agents;
      const { id } = await create('Tariff?');
      for (let polls = 0; polls < 4; polls++) await sessions.retrieve(id);
      await follow(id);
    },
  },
  {
    does: 'creates its session as a stream without input, and sends that later',
    async follow({ agentId, client, send }) {
      const workspace = { type: 'self_hosted', workspace_directory: '/workspace' } as const;
      const asked = { agent_id: agentId, environment: workspace, stream: true } as const;
      for await (const event of await client.beta.agents.sessions.create(asked))
        if (event.type === 'agent.session.created') await send(event.session.id, 'Tariff?');
    },
    beside: 'POST /agents/sessions',
  },
  {
    does: 'leaves its stream, and polls the session',
    follow: (program) => leaveAndPoll(program, ({ type }) => type === 'agent.session.turn.item.added'),
  },
  {
    does: 'lists turns and items, and nothing is read',
    config: { runSteps: 'observe' },
    async follow({ client, create }) {
      const { sessions } = client.beta.agents;
      const { id } = await create('Tariff?');
      let [turn] = (await sessions.turns.list(id)).data;
      while (turn?.status !== 'completed')
        turn = await sessions.turns.retrieve(turn?.id ?? '', { session_id: id });
      await sessions.turns.items.list(turn.id, { session_id: id, order: 'asc' });
    },
  },
];

it('a turn is not one that began long before its request, which the list of turns also has', async () => {
  const program = await startAgentProgram([{}, {}], { config: { runSteps: 'observe' } });
  const { simulator, plain, client, agentId } = program;
  const { sessions } = plain.beta.agents;
  const untilIdle = async (id: string): Promise<void> => {
    while ((await sessions.retrieve(id)).status !== 'idle');
  };
  simulator.clock.offset = -3_600;
  const { id } = await sessions.create({ agent_id: agentId, environment, input: 'What is x?' });
  await untilIdle(id);
  simulator.clock.offset = 0;
  await program.send(id, 'And y?');
  await untilIdle(id);
  await client.beta.agents.sessions.turns.list(id, { order: 'asc' });
  const turns = await program.flushed('invoke_agent');
  expect(turns.map(({ attributes }) => attributes['openai.turn.id'])).toEqual(['turn_000002']);
});

it.each(WAYS)(
  'a turn is recorded with its tool calls when the program $does',
  async ({ follow, beside, config = {} }) => {
    const program = await startAgentProgram([RESEARCH], { config });
    await program.inSpan(() => follow(program));
    const request = beside === undefined ? '' : `  ├─ ${beside}\n`;
    await program.expectTree(RESEARCH_TREE.replace('  └─ session  ', `${request}  └─ session  `));
  },
);

const SUBAGENT = `invoke_agent Reader          openai.subagent.id={reader} openai.run.status=completed openai.total.input_tokens=40 gen_ai.usage.input_tokens=40`;

it.each<[string, (program: AgentProgram) => Promise<unknown>, timed: number, string]>([
  [
    'reported by the stream',
    ({ converse }) => converse('Read it.'),
    2,
    `├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          ├─ ${SUBAGENT}
          │  └─ execute_tool command_execution
          └─ execute_tool close_subagent  openai.subagent.id={reader}`,
  ],
  [
    // When it worked is known in the server's seconds alone, which are no measure.
    'read with the turn',
    async ({ create, poll }) => poll((await create('Read it.')).id),
    1,
    `├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          ├─ execute_tool close_subagent  openai.subagent.id={reader}
          └─ ${SUBAGENT}
             └─ execute_tool command_execution`,
  ],
  [
    'seen before the program left the stream, and polled',
    (program) =>
      leaveAndPoll(
        program,
        ({ type, turn }) => type === 'agent.session.turn.created' && turn?.subagent_id !== null,
      ),
    2,
    `├─ execute_tool close_subagent  openai.subagent.id={reader}
          ├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          └─ ${SUBAGENT}
             └─ execute_tool command_execution`,
  ],
])('a subagent has its own turns below the turn that it works for: %s', async (_, follow, timed, below) => {
  const program = await startAgentProgram([DELEGATION]);
  await program.inSpan(() => follow(program));
  await program.expectTree(`
    program
    └─ session                            openai.total.input_tokens=140 openai.total.runs=1
       └─ invoke_agent Helper             openai.run.status=completed openai.total.input_tokens=140 gen_ai.usage.input_tokens=100
          ${below}
  `);
  const turns = await program.points('gen_ai.client.operation.duration', 'invoke_agent');
  expect(turns.reduce((sum, { count }) => sum + count, 0)).toBe(timed);
});

it('the tools of an agent are recorded with their descriptions, parameters and server labels', async () => {
  const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
  program.simulator.turn({ items: [{ message: 'Sunny.' }] });
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const { agents } = program.client.beta;
  const { id: agent_id } = await agents.create({
    name: 'Helper',
    model: 'gpt-5',
    tools: [
      { type: 'function', name: 'get_weather', description: 'Weather of a city.', parameters },
      {
        type: 'mcp',
        server_label: 'wiki',
        transport: { type: 'http', server_url: 'https://secret.example' },
      },
      { type: 'web_search' },
    ],
  });
  const { id } = await agents.sessions.create({ agent_id, environment });
  for await (const _ of agents.sessions.stream(id, { input: 'Weather?' }));
  for (const name of ['create_agent Helper', 'invoke_agent Helper']) {
    const [recorded] = await program.flushed(name);
    expect(JSON.parse(String(recorded?.attributes['gen_ai.tool.definitions'])), name).toEqual([
      { type: 'function', name: 'get_weather', description: 'Weather of a city.', parameters },
      { type: 'mcp', name: 'wiki' },
      { type: 'web_search', name: 'web_search' },
    ]);
  }
});

it('the URL of a page that a turn opens is recorded without its credentials', async () => {
  const program = await startAgentProgram(
    [{ items: [{ webSearch: { url: 'https://me:secret@x.example/?token=secret' } }, { message: 'Hm.' }] }],
    { config: { captureMessageContent: 'SPAN_ONLY' }, content: true },
  );
  await program.inSpan(async () => program.stream((await program.create()).id, 'What is it?'));
  const [search] = await program.flushed('execute_tool web_search');
  expect(JSON.parse(String(search?.attributes['gen_ai.tool.call.arguments']))).toEqual({
    action: 'open_page',
    url: 'https://x.example/?token=REDACTED',
  });
});

it('functions last from the request of the turn until the program submits the result', async () => {
  const program = await startAgentProgram([WEATHER], {
    config: { captureMessageContent: 'SPAN_ONLY' },
    content: true,
  });
  const toolHandlers = {
    get_weather: () => ({ sky: 'blue' }),
    get_time: () => {
      throw new Error('no clock');
    },
  };
  await program.inSpan(() => program.converse('Weather?', { toolHandlers }));
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper        openai.run.status=completed
          ├─ execute_tool get_weather  gen_ai.tool.call.id=call_000001 gen_ai.tool.call.arguments="{\\"city\\":\\"Paris\\"}" gen_ai.tool.call.result="{\\"sky\\":\\"blue\\"}"
          └─ execute_tool get_time   !failed gen_ai.tool.call.id=call_000002 gen_ai.tool.call.arguments="{}"
  `);
});

/** Polls a new session, and answers its functions. */
async function pollAndAnswer(program: AgentProgram, succeeds?: (name: string) => boolean): Promise<void> {
  await program.inSpan(async () => {
    const { id } = await program.create('Weather?');
    await program.answer(await program.poll(id, 'requires_action'), succeeds);
    await program.poll(id);
  });
}

it('a function of a turn that only the session reported lasts until the program submits the result, in a request that belongs to the turn', async () => {
  const program = await startAgentProgram([WEATHER]);
  await pollAndAnswer(program, (name) => name === 'get_weather');
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper          openai.run.status=completed
          ├─ execute_tool get_weather
          └─ execute_tool get_time     !failed
  `);
  expect(await timedTools(program)).toEqual(['get_weather', 'get_time failed']);
  const [turn, ...tools] = ['invoke_agent Helper', 'execute_tool get_weather', 'execute_tool get_time'].map(
    (name) => program.telemetry.spans.find((span) => span.name === name),
  );
  const answers = turn?.events.filter(({ name }) => name === 'openai.run.request') ?? [];
  expect(answers).toHaveLength(2);
  for (const [index, tool] of tools.entries()) {
    expect(tool?.endTime).not.toEqual(turn?.endTime);
    expect(Number(tool?.endTime[0]) * 1e9 + Number(tool?.endTime[1])).toBeLessThanOrEqual(
      Number(answers[index]?.time[0]) * 1e9 + Number(answers[index]?.time[1]),
    );
  }
});

it('a turn of a subagent whose agent is not reported has none, rather than the subagent itself', async () => {
  const fetch = answersWithout('agent_id', '/subagents/');
  const program = await startAgentProgram([DELEGATION], { client: { fetch } });
  await program.inSpan(async () => {
    const { id } = await program.create('Read it.');
    await program.poll(id);
  });
  const [reader] = await program.flushed('invoke_agent Reader');
  expect(reader?.attributes).toHaveProperty('openai.subagent.id');
  expect(reader?.attributes).not.toHaveProperty('gen_ai.agent.id');
});

it('a function of a subagent that only the session reported has one span, below the turn of the subagent', async () => {
  const program = await startAgentProgram([
    { items: [{ subagent: { name: 'Reader', task: 'Read it.', items: WEATHER.items ?? [] } }] },
  ]);
  await pollAndAnswer(program);
  await program.expectTree(`
    program
    └─ session
       └─ invoke_agent Helper
          ├─ execute_tool create_subagent
          ├─ execute_tool wait_for_subagents
          ├─ execute_tool close_subagent
          └─ invoke_agent Reader
             ├─ execute_tool get_weather
             └─ execute_tool get_time
  `);
});

/** A turn of a session, created so many minutes after now. */
function turnAt(minutes: number, id: string, completed: boolean): object {
  const created_at = Math.floor(Date.now() / 1e3) + minutes * 60;
  const about = {
    object: 'agent.session.turn',
    agent_id: 'agent_1',
    session_id: 'sess_1',
    subagent_id: null,
  };
  const usage = completed ? { input_tokens: 10, output_tokens: 5, total_tokens: 15 } : null;
  const [status, completed_at] = completed ? ['completed', created_at] : ['in_progress', null];
  return { id, ...about, created_at, started_at: created_at, completed_at, error: null, status, usage };
}

it.each([
  ['at once', 0, 2],
  ['long after that', 40, 1],
])(
  'a message that the server adds to the turn in progress has a turn of its own only if one begins %s',
  async (_, minutes, recorded) => {
    const program = await startProgram({ config: { runSteps: 'observe' } });
    const list = (...data: readonly object[]): void =>
      program.simulator.next({
        when: { path: '/v1/agents/sessions/sess_1/turns' },
        body: { object: 'list', data, has_more: false },
      });
    program.simulator.next({
      when: { path: '/v1/agents/sessions' },
      body: { id: 'sess_1', object: 'agent.session', status: 'in_progress', agent: { id: 'agent_1' } },
    });
    program.simulator.next({ when: { path: '/v1/agents/sessions/sess_1/events' }, status: 202 });
    const { sessions } = program.client.beta.agents;
    await program.inSpan(async () => {
      await sessions.create({ agent_id: 'agent_1', environment, input: 'Weather?' });
      list(turnAt(0, 'turn_1', false));
      await sessions.turns.list('sess_1');
      await sessions.events.create('sess_1', { events: [messageEvent('And x?')] });
      list(turnAt(minutes, 'turn_2', true), turnAt(0, 'turn_1', true));
      await sessions.turns.list('sess_1');
    });
    await program.telemetry.provider.shutdown();
    const turns = program.ended('invoke_agent');
    expect(turns).toHaveLength(recorded);
  },
);

it.each<[what: string, type: string, event: object]>([
  [
    'an item whose turn is not known',
    'item.done',
    { item: { id: 'item_1', type: 'web_search_call', turn_id: 'x' } },
  ],
  ['a turn without a status', 'created', { turn: { id: 'turn_1', session_id: 'sess_1' } }],
])('an event about %s reports nothing', (_, type, event) => {
  const sink = recordFacts();
  agents.readEvent({ type: `agent.session.turn.${type}`, ...event }, sink);
  expect(sink.facts).toEqual([]);
});

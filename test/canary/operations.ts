import type OpenAI from 'openai';
import { toFile } from 'openai';
import { withConversation } from '../../src/client.ts';
import type { Simulator } from '../support/simulator/index.ts';
import { chatBody, responseBody, TOOL } from './bodies.ts';
import { scriptResponse, scriptRun, scriptTurn } from './scripts.ts';
import type { Secrets } from './secrets.ts';

/** What a program does with the SDK; whatever it gets, it continues. */
export interface Actor {
  readonly client: OpenAI;
  /** The body of its main request, made anew. */
  readonly body: never;
  readonly secrets: Secrets;
  /** Waits for a result, reads it to its end where it is a stream, and keeps what the program has seen. */
  see(ask: () => unknown): Promise<unknown>;
}

/** A program for each operation, plain and streamed: for the canary, the fuzzer and the faults. */
export interface OperationProgram {
  readonly name: string;
  /** Its texts are secrets: without consent none may be recorded. */
  body(secrets: Secrets): object;
  /** What a sound API does. */
  script?(simulator: Simulator): void;
  run(actor: Actor): Promise<unknown>;
  /** What the instrumentation reads once it is over. */
  afterwards?(client: OpenAI): Promise<unknown>;
}

/** What bodies are about, by the ids that the simulator gives to the first of each. */
const FIRST: Readonly<Record<string, string>> = {
  assistant_id: 'asst_000001',
  agent_id: 'agent_000001',
  conversation: 'conv_000001',
};

const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content' as const;

/** The body about what the program has made, where that has another id. */
function about(body: unknown, key: string, made: unknown): never {
  const given: unknown = Reflect.get(Object(body), key);
  const id = idOf(made, FIRST[key] ?? '');
  return (given !== FIRST[key] || given === id ? body : { ...(body as object), [key]: id }) as never;
}

/** The id of what a program has got, or else the one that the simulator gives to the first. */
function idOf(value: unknown, first: string): string {
  const { id } = Object(value) as { readonly id?: unknown };
  return typeof id === 'string' && id !== '' ? id : first;
}

export const OPERATION_PROGRAMS: readonly OperationProgram[] = [
  {
    name: 'chat',
    body: (secrets) => chatBody(secrets),
    run: ({ client, body, see }) => see(() => client.chat.completions.create(body)),
  },
  {
    name: 'chat, streamed',
    body: (secrets) => ({
      ...chatBody(secrets),
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    }),
    run: ({ client, body, see }) => see(() => client.chat.completions.create(body)),
  },
  {
    name: 'chat, by the stream helper',
    body: (secrets) => chatBody(secrets),
    run: ({ client, body, see }) => see(() => client.chat.completions.stream(body)),
  },
  {
    name: 'chat, whose history the program keeps',
    body: (secrets) => chatBody(secrets),
    run: ({ client, body, see }) =>
      withConversation('a conversation', async () => {
        await see(() => client.chat.completions.create(body));
        await see(() => client.chat.completions.create(body));
      }),
  },
  {
    name: 'chat, with functions that run',
    body: (secrets) =>
      secrets.plant({ model: 'gpt-4o', messages: [{ role: 'user', content: 'What is x?' }] }, 'tools'),
    run: ({ client, body, see }) => {
      const tool = {
        type: 'function',
        function: { name: 'look_up', parameters: {}, function: () => 'found' },
      };
      const asked = typeof body === 'object' && body !== null ? body : {};
      return see(() =>
        client.chat.completions.runTools({ ...(asked as object), tools: [tool] } as never).done(),
      );
    },
  },
  {
    name: 'text completion',
    body: (secrets) =>
      secrets.plant(
        { model: 'gpt-3.5-turbo-instruct', prompt: ['Once'], stop: ['END'], user: 'x' },
        'completion',
      ),
    run: ({ client, body, see }) => see(() => client.completions.create(body)),
  },
  {
    name: 'text completion, streamed',
    body: (secrets) =>
      secrets.plant({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once', stream: true }, 'completion'),
    run: ({ client, body, see }) => see(() => client.completions.create(body)),
  },
  {
    name: 'embeddings',
    body: (secrets) => secrets.plant({ model: 'text-embedding-3-small', input: ['It.'] }, 'embeddings'),
    run: ({ client, body, see }) => see(() => client.embeddings.create(body)),
  },
  {
    name: 'response',
    body: (secrets) => responseBody(secrets),
    script: scriptResponse,
    run: async ({ client, body, secrets, see }) => {
      const response = await see(() => client.responses.create(body));
      const id = idOf(response, 'resp_000001');
      const output = secrets.once('function output');
      const input = callsOf(response).map((call_id) => ({ type: 'function_call_output', call_id, output }));
      const next = { model: 'gpt-4o', previous_response_id: id, input };
      await see(() => client.responses.create(next as never));
      await see(() => client.responses.retrieve(id));
      await see(() => client.responses.inputItems.list(id));
    },
  },
  {
    name: 'response, streamed',
    body: (secrets) => ({ ...responseBody(secrets), stream: true }),
    script: scriptResponse,
    run: ({ client, body, see }) => see(() => client.responses.create(body)),
  },
  {
    name: 'response, in the background',
    body: (secrets) => ({ ...responseBody(secrets), background: true }),
    run: async ({ client, body, see }) => {
      const id = idOf(await see(() => client.responses.create(body)), 'resp_000001');
      for (let polls = 0; polls < 6; polls++) await see(() => client.responses.retrieve(id));
      await see(() => client.responses.cancel(id));
    },
  },
  {
    name: 'response, in a conversation',
    body: (secrets) => ({ ...responseBody(secrets), conversation: FIRST.conversation }),
    run: async ({ client, body, secrets, see }) => {
      const items = [{ type: 'message', role: 'user', content: secrets.once('item') }];
      const begun = { items, metadata: { topic: secrets.once('topic') } };
      const conversation = await see(() => client.conversations.create(begun as never));
      const id = idOf(conversation, 'conv_000001');
      await see(() => client.responses.create(about(body, 'conversation', conversation)));
      await see(() => client.conversations.items.list(id));
      await see(() => client.conversations.delete(id));
    },
  },
  {
    name: 'run, polled by hand',
    body: runBody,
    script: scriptRun,
    run: async ({ client, body, see, ...actor }) => {
      const { runs, messages } = client.beta.threads;
      const { assistant, ...place } = await createThread({ client, see, ...actor });
      const asked = () => runs.create(place.thread_id, about(body, 'assistant_id', assistant));
      const id = idOf(await see(asked), 'run_000001');
      let run: unknown;
      for (let polls = 0; polls < 8; polls++) run = await see(() => runs.retrieve(id, place));
      await see(() => runs.submitToolOutputs(id, { ...place, ...toolOutputs(actor.secrets, run) }));
      for (let polls = 0; polls < 3; polls++) await see(() => runs.retrieve(id, place));
      await see(() => runs.steps.list(id, { ...place, include: [SEARCH_RESULTS] }));
      await see(() => messages.list(place.thread_id));
    },
  },
  {
    name: 'run, by the poll helper',
    body: runBody,
    script: (simulator) => simulator.script({ steps: [{ message: 'An answer.' }] }),
    afterwards: readSteps,
    run: async ({ client, body, see, ...actor }) => {
      const { thread_id, assistant } = await createThread({ client, see, ...actor });
      const asked = () => about(body, 'assistant_id', assistant);
      await see(() => client.beta.threads.runs.createAndPoll(thread_id, asked(), { pollIntervalMs: 1 }));
    },
  },
  {
    name: 'run, streamed',
    body: (secrets) => ({ ...runBody(secrets), stream: true }),
    script: scriptRun,
    afterwards: readSteps,
    run: async ({ client, body, see, ...actor }) => {
      const { runs } = client.beta.threads;
      const { assistant, ...place } = await createThread({ client, see, ...actor });
      await see(() => runs.create(place.thread_id, about(body, 'assistant_id', assistant)));
      const outputs = toolOutputs(actor.secrets, undefined);
      await see(() => runs.submitToolOutputs('run_000001', { ...place, ...outputs, stream: true }));
    },
  },
  {
    name: 'run, by the stream helper',
    body: runBody,
    script: scriptRun,
    afterwards: readSteps,
    run: async ({ client, body, see, ...actor }) => {
      const { thread_id, assistant } = await createThread({ client, see, ...actor });
      const asked = () => about(body, 'assistant_id', assistant);
      await see(() => client.beta.threads.runs.stream(thread_id, asked()));
    },
  },
  {
    name: 'turn, streamed',
    body: (secrets) => ({ ...sessionBody(secrets), stream: true }),
    script: scriptTurn,
    afterwards: readItems,
    run: async ({ client, body, see, ...actor }) => {
      const agent = await createAgent({ client, see, ...actor });
      await see(() => client.beta.agents.sessions.create(about(body, 'agent_id', agent)));
    },
  },
  {
    name: 'turn, polled',
    body: sessionBody,
    script: scriptTurn,
    run: async ({ client, body, see, ...actor }) => {
      const { sessions } = client.beta.agents;
      const agent = await createAgent({ client, see, ...actor });
      const session = await see(() => sessions.create(about(body, 'agent_id', agent)));
      const session_id = idOf(session, 'sess_000001');
      for (let polls = 0; polls < 3; polls++) await see(() => sessions.retrieve(session_id));
      const { data } = Object(await see(() => sessions.turns.list(session_id))) as { data?: unknown };
      const turn = idOf(Array.isArray(data) ? data[0] : undefined, 'turn_000001');
      await see(() => sessions.turns.retrieve(turn, { session_id }));
      await see(() => sessions.turns.items.list(turn, { session_id }));
    },
  },
  {
    name: 'search',
    body: (secrets) => secrets.plant({ query: 'What?' }, 'search'),
    run: ({ client, body, see }) => see(() => client.vectorStores.search('vs_1', body)),
  },
  {
    name: 'image',
    body: (secrets) => secrets.plant({ model: 'gpt-image-1', prompt: 'A picture.' }, 'image'),
    run: ({ client, body, see }) => see(() => client.images.generate(body)),
  },
  {
    name: 'image, streamed',
    body: (secrets) =>
      secrets.plant({ model: 'gpt-image-1', prompt: 'A picture.', stream: true, partial_images: 1 }, 'image'),
    run: ({ client, body, see }) => see(() => client.images.generate(body)),
  },
  {
    name: 'transcription',
    body: (secrets) => secrets.plant({ model: 'gpt-4o-transcribe', prompt: 'Hear.' }, 'transcription'),
    run: async ({ client, body, see }) => {
      const file = await toFile(Buffer.from('sound'), 'sound.wav');
      const asked = typeof body === 'object' && body !== null ? body : {};
      return see(() => client.audio.transcriptions.create({ ...(asked as object), file } as never));
    },
  },
  {
    name: 'moderation',
    body: (secrets) => secrets.plant({ model: 'omni-moderation-latest', input: ['Moderate.'] }, 'moderation'),
    run: ({ client, body, see }) => see(() => client.moderations.create(body)),
  },
  {
    name: 'an endpoint without a model operation',
    body: (secrets) => secrets.plant({ filter: { topic: 'x' }, limit: 2 }, 'generic'),
    run: async ({ client, body, see }) => {
      await see(() => client.models.list());
      await see(() => client.post('/something/else', { body }));
      await see(() => client.files.list(body));
    },
  },
];

function sessionBody(secrets: Secrets): object {
  const environment = { type: 'none' };
  const body = { agent_id: FIRST.agent_id, environment, input: 'Ask.', metadata: { topic: 'x' } };
  return secrets.plant(body, 'session');
}

function runBody(secrets: Secrets): object {
  const body = {
    assistant_id: FIRST.assistant_id,
    instructions: 'Teach well.',
    additional_instructions: 'More.',
    additional_messages: [{ role: 'user', content: 'And?' }],
    metadata: { topic: 'x' },
  };
  return secrets.plant(body, 'run');
}

/** The ids of the calls that a response asks for. */
function callsOf(response: unknown): string[] {
  const { output } = Object(response) as { readonly output?: unknown };
  const items: readonly { readonly type?: string; readonly call_id?: string }[] = Array.isArray(output)
    ? output
    : [];
  const calls = items.filter((item) => item?.type === 'function_call');
  return calls.length === 0 ? ['call_000001'] : calls.map(({ call_id }) => String(call_id));
}

type ToolOutputs = Pick<OpenAI.Beta.Threads.RunSubmitToolOutputsParams, 'tool_outputs'>;

/** Results for the functions that a run waits for. */
function toolOutputs(secrets: Secrets, run: unknown): ToolOutputs {
  const { required_action } = Object(run) as Partial<OpenAI.Beta.Threads.Run>;
  const calls = required_action?.submit_tool_outputs?.tool_calls;
  const ids = Array.isArray(calls) ? calls.map((call) => idOf(call, '')) : ['call_000003'];
  const output = secrets.once('tool output');
  return { tool_outputs: ids.map((tool_call_id) => ({ tool_call_id, output })) };
}

type Setting = Omit<Actor, 'body'>;

/** An assistant, and a thread with messages: everything that may hold content. */
async function createThread({ client, secrets, see }: Setting) {
  const { assistants, threads } = client.beta;
  const [instructions, description] = [secrets.once('instructions'), secrets.once('description')];
  const metadata = { topic: secrets.once('topic') };
  const tutor = { model: 'gpt-4o-mini', name: 'Tutor', instructions, description, tools: [TOOL], metadata };
  const said = { role: 'user' as const, content: secrets.once('question') };
  const assistant = await see(() => assistants.create(tutor));
  const thread = await see(() => threads.create({ messages: [said], metadata }));
  const thread_id = idOf(thread, 'thread_000001');
  await see(() => threads.messages.create(thread_id, { ...said, metadata }));
  return { assistant, thread_id };
}

async function createAgent({ client, secrets, see }: Setting): Promise<unknown> {
  const [instructions, description] = [secrets.once('instructions'), secrets.once('description')];
  const agent = { name: 'Helper', model: 'gpt-5', instructions, description };
  return await see(() => client.beta.agents.create(agent as never));
}

async function readSteps({ beta: { threads } }: OpenAI): Promise<void> {
  await threads.runs.steps.list('run_000001', { thread_id: 'thread_000001' });
  await threads.messages.list('thread_000001');
}

async function readItems({ beta: { agents } }: OpenAI): Promise<void> {
  const session_id = 'sess_000001';
  const { data } = await agents.sessions.turns.list(session_id);
  for (const { id } of data) await agents.sessions.turns.items.list(id, { session_id });
}

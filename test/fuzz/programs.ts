import type OpenAI from 'openai';
import { toFile } from 'openai';
import { withConversation } from '../../src/client.ts';
import { chatBody, responseBody } from '../canary/bodies.ts';
import { scriptResponse, scriptRun, scriptTurn } from '../canary/scripts.ts';
import { Secrets } from '../canary/secrets.ts';
import type { Simulator } from '../support/simulator/index.ts';
import type { Recipe } from './recipe.ts';

/** What a program does with the SDK; whatever it gets, it continues. */
export interface Actor {
  readonly client: OpenAI;
  /** The body of its main request, made anew. */
  readonly body: never;
  /** Waits for a result, reads it to its end where it is a stream, and keeps what the program has seen. */
  see(ask: () => unknown): Promise<unknown>;
}

export interface FuzzProgram {
  readonly name: string;
  readonly body: Recipe;
  /** What a sound API does; the program is recorded with it. */
  script?(simulator: Simulator): void;
  run(actor: Actor): Promise<unknown>;
  /** What the instrumentation reads once it is over, so that this is recorded, too. */
  afterwards?(client: OpenAI): Promise<unknown>;
}

/** Texts in bodies are canaries: without consent none may be recorded. */
export const SECRETS: Secrets = new Secrets();

function recipe(body: unknown): Recipe {
  return JSON.parse(JSON.stringify(body)) as Recipe;
}

function planted(body: unknown, place: string): Recipe {
  return recipe(SECRETS.plant(body, place));
}

/** What programs say beside their main request. */
const SAID = {
  output: SECRETS.make('output'),
  topic: SECRETS.make('topic'),
  toolOutput: SECRETS.make('tool output'),
  question: SECRETS.make('question'),
  task: SECRETS.make('task'),
} as const;
const ENVIRONMENT = { type: 'none' as const };
const THREAD = 'thread_000001';
const RUN = 'run_000001';
const SESSION = 'sess_000001';

export const PROGRAMS: readonly FuzzProgram[] = [
  {
    name: 'chat',
    body: recipe(chatBody(SECRETS)),
    run: ({ client, body, see }) => see(() => client.chat.completions.create(body)),
  },
  {
    name: 'chat, streamed',
    body: recipe({ ...chatBody(SECRETS), n: 2, stream: true, stream_options: { include_usage: true } }),
    run: ({ client, body, see }) => see(() => client.chat.completions.create(body)),
  },
  {
    name: 'chat, by the stream helper',
    body: recipe(chatBody(SECRETS)),
    run: ({ client, body, see }) => see(() => client.chat.completions.stream(body)),
  },
  {
    name: 'chat, whose history the program keeps',
    body: recipe(chatBody(SECRETS)),
    run: ({ client, body, see }) =>
      withConversation('a conversation', async () => {
        await see(() => client.chat.completions.create(body));
        await see(() => client.chat.completions.create(body));
      }),
  },
  {
    name: 'chat, with functions that run',
    body: planted({ model: 'gpt-4o', messages: [{ role: 'user', content: 'What is x?' }] }, 'tools'),
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
    body: planted(
      { model: 'gpt-3.5-turbo-instruct', prompt: ['Once'], stop: ['END'], user: 'x' },
      'completion',
    ),
    run: ({ client, body, see }) => see(() => client.completions.create(body)),
  },
  {
    name: 'text completion, streamed',
    body: planted({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once', stream: true }, 'completion'),
    run: ({ client, body, see }) => see(() => client.completions.create(body)),
  },
  {
    name: 'embeddings',
    body: planted({ model: 'text-embedding-3-small', input: ['It.'] }, 'embeddings'),
    run: ({ client, body, see }) => see(() => client.embeddings.create(body)),
  },
  {
    name: 'response',
    body: recipe(responseBody(SECRETS)),
    script: scriptResponse,
    run: async ({ client, body, see }) => {
      await see(() => client.responses.create(body));
      await see(() =>
        client.responses.create({
          model: 'gpt-4o',
          previous_response_id: 'resp_000001',
          input: [{ type: 'function_call_output', call_id: 'call_000001', output: SAID.output }],
        }),
      );
      await see(() => client.responses.retrieve('resp_000001'));
    },
  },
  {
    name: 'response, streamed',
    body: recipe({ ...responseBody(SECRETS), stream: true }),
    script: scriptResponse,
    run: ({ client, body, see }) => see(() => client.responses.create(body)),
  },
  {
    name: 'response, in the background',
    body: recipe({ ...responseBody(SECRETS), background: true }),
    run: async ({ client, body, see }) => {
      const created = await see(() => client.responses.create(body));
      const id = (created as { id?: string } | undefined)?.id;
      for (let polls = 0; polls < 4; polls++) await see(() => client.responses.retrieve(id ?? 'resp_000001'));
      await see(() => client.responses.cancel(id ?? 'resp_000001'));
    },
  },
  {
    name: 'response, in a conversation',
    body: recipe({ ...responseBody(SECRETS), conversation: 'conv_000001' }),
    run: async ({ client, body, see }) => {
      await see(() => client.conversations.create({ metadata: { topic: SAID.topic } }));
      await see(() => client.responses.create(body));
      await see(() => client.conversations.items.list('conv_000001'));
      await see(() => client.conversations.delete('conv_000001'));
    },
  },
  {
    name: 'run, polled by hand',
    body: runBody(),
    script: scriptRun,
    run: async ({ client, body, see }) => {
      const { threads } = client.beta;
      await createThread(client, see);
      await see(() => threads.runs.create(THREAD, body));
      for (let polls = 0; polls < 8; polls++)
        await see(() => threads.runs.retrieve(RUN, { thread_id: THREAD }));
      await see(() => threads.runs.submitToolOutputs(RUN, { thread_id: THREAD, ...toolOutputs() }));
      for (let polls = 0; polls < 3; polls++)
        await see(() => threads.runs.retrieve(RUN, { thread_id: THREAD }));
      await see(() => threads.runs.steps.list(RUN, { thread_id: THREAD }));
      await see(() => threads.messages.list(THREAD));
    },
  },
  {
    name: 'run, by the poll helper',
    body: runBody(),
    script: (simulator) => simulator.script({ steps: [{ message: 'An answer.' }] }),
    afterwards: readSteps,
    run: async ({ client, body, see }) => {
      await createThread(client, see);
      await see(() => client.beta.threads.runs.createAndPoll(THREAD, body, { pollIntervalMs: 1 }));
    },
  },
  {
    name: 'run, streamed',
    body: { ...(runBody() as object), stream: true },
    script: scriptRun,
    afterwards: readSteps,
    run: async ({ client, body, see }) => {
      const { runs } = client.beta.threads;
      await createThread(client, see);
      await see(() => runs.create(THREAD, body));
      await see(() => runs.submitToolOutputs(RUN, { thread_id: THREAD, ...toolOutputs(), stream: true }));
    },
  },
  {
    name: 'run, by the stream helper',
    body: runBody(),
    script: scriptRun,
    afterwards: readSteps,
    run: async ({ client, body, see }) => {
      await createThread(client, see);
      await see(() => client.beta.threads.runs.stream(THREAD, body));
    },
  },
  {
    name: 'turn, streamed',
    body: planted(
      { agent_id: 'agent_000001', environment: ENVIRONMENT, input: 'Ask.', stream: true },
      'session',
    ),
    script: scriptTurn,
    afterwards: readItems,
    run: async ({ client, body, see }) => {
      await createAgent(client, see);
      await see(() => client.beta.agents.sessions.create(body));
    },
  },
  {
    name: 'turn, polled',
    body: planted({ agent_id: 'agent_000001', environment: ENVIRONMENT, input: 'Ask.' }, 'session'),
    script: scriptTurn,
    run: async ({ client, body, see }) => {
      const { sessions } = client.beta.agents;
      await createAgent(client, see);
      const session = (await see(() => sessions.create(body))) as { id?: string } | undefined;
      const id = session?.id ?? 'session_000001';
      for (let polls = 0; polls < 3; polls++) await see(() => sessions.retrieve(id));
      const turns = (await see(() => sessions.turns.list(id))) as { data?: { id?: string }[] } | undefined;
      const turn = turns?.data?.[0]?.id ?? 'turn_000001';
      await see(() => sessions.turns.retrieve(turn, { session_id: id }));
      await see(() => sessions.turns.items.list(turn, { session_id: id }));
    },
  },
  {
    name: 'search',
    body: planted({ query: 'What?' }, 'search'),
    run: ({ client, body, see }) => see(() => client.vectorStores.search('vs_1', body)),
  },
  {
    name: 'image',
    body: planted({ model: 'gpt-image-1', prompt: 'A picture.' }, 'image'),
    run: ({ client, body, see }) => see(() => client.images.generate(body)),
  },
  {
    name: 'image, streamed',
    body: planted({ model: 'gpt-image-1', prompt: 'A picture.', stream: true, partial_images: 1 }, 'image'),
    run: ({ client, body, see }) => see(() => client.images.generate(body)),
  },
  {
    name: 'transcription',
    body: planted({ model: 'gpt-4o-transcribe', prompt: 'Hear.' }, 'transcription'),
    run: async ({ client, body, see }) => {
      const file = await toFile(Buffer.from('sound'), 'sound.wav');
      const asked = typeof body === 'object' && body !== null ? body : {};
      return see(() => client.audio.transcriptions.create({ ...(asked as object), file } as never));
    },
  },
  {
    name: 'moderation',
    body: planted({ model: 'omni-moderation-latest', input: ['Moderate.'] }, 'moderation'),
    run: ({ client, body, see }) => see(() => client.moderations.create(body)),
  },
  {
    name: 'an endpoint without a model operation',
    body: planted({ query: { topic: 'x' }, limit: 2 }, 'generic'),
    run: async ({ client, body, see }) => {
      await see(() => client.models.list());
      await see(() => client.post('/something/else', { body }));
      await see(() => client.files.list(body));
    },
  },
];

function runBody(): Recipe {
  return planted(
    {
      assistant_id: 'asst_000001',
      instructions: 'Teach well.',
      additional_messages: [{ role: 'user', content: 'And?' }],
      metadata: { topic: 'x' },
    },
    'run',
  );
}

function toolOutputs(): { tool_outputs: { tool_call_id: string; output: string }[] } {
  return { tool_outputs: [{ tool_call_id: 'call_000003', output: SAID.toolOutput }] };
}

async function createThread(client: OpenAI, see: Actor['see']): Promise<void> {
  const messages = [{ role: 'user' as const, content: SAID.question }];
  await see(() => client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Tutor' }));
  await see(() => client.beta.threads.create({ messages }));
}

async function createAgent(client: OpenAI, see: Actor['see']): Promise<void> {
  await see(() =>
    client.beta.agents.create({
      name: 'Helper',
      model: 'gpt-5',
      instructions: SAID.task,
    } as never),
  );
}

async function readSteps({ beta: { threads } }: OpenAI): Promise<void> {
  await threads.runs.steps.list(RUN, { thread_id: THREAD });
  await threads.messages.list(THREAD);
}

async function readItems({ beta: { agents } }: OpenAI): Promise<void> {
  const { data } = await agents.sessions.turns.list(SESSION);
  for (const { id } of data) await agents.sessions.turns.items.list(id, { session_id: SESSION });
}

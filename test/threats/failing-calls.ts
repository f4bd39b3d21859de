import type OpenAI from 'openai';
import { responseBody } from '../support/bodies.ts';
import type { Program } from '../support/program.ts';

/** What a server says of a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** A way in which a server, or a gateway before it, tells a program that something has failed. */
export interface FailingCall {
  readonly name: string;
  /** Makes the call that fails like this. */
  fail(program: Program, failure: Failure): Promise<unknown>;
  /** `error.type` of a code that is not known. */
  readonly fallback: string;
  /** Whether only the code is told. */
  readonly isSilent?: boolean;
}

export const CHAT: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'Jane Doe has diabetes.' }],
};
const QUESTION = { model: 'gpt-4o', input: 'Jane Doe has diabetes.' };

/** Asks a question, and gets a response with these items. */
export function respond(
  { client, simulator }: Program,
  output: readonly object[],
  more: object = {},
): Promise<unknown> {
  simulator.next({ body: responseBody(output, more) });
  return client.responses.create(QUESTION);
}

async function askAgent(
  { client, simulator }: Program,
  turn: Parameters<Program['simulator']['turn']>[0],
): Promise<void> {
  simulator.turn(turn);
  const { id } = await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
  const environment = { type: 'none' as const };
  const body = { agent_id: id, environment, input: QUESTION.input, stream: true as const };
  await Array.fromAsync(await client.beta.agents.sessions.create(body));
}

async function failRun({ client, simulator }: Program, lastError: Failure): Promise<string> {
  simulator.script({ steps: [{ message: 'x' }], end: 'failed', lastError });
  return (await client.beta.assistants.create({ model: 'gpt-4o' })).id;
}

export const FAILING_CALLS: readonly FailingCall[] = [
  {
    name: 'the answer to a request',
    fail({ client, simulator }, { code, message }) {
      simulator.next({ status: 429, body: { error: { code, type: code, message } } });
      return client.chat.completions.create(CHAT);
    },
    fallback: 'RateLimitError',
  },
  {
    name: 'an attempt that is retried',
    fail({ client, simulator }, error) {
      const headers = { 'retry-after-ms': '1' };
      for (const _ of [1, 2]) simulator.next({ status: 500, headers, body: { error } });
      return client.chat.completions.create(CHAT, { maxRetries: 1 });
    },
    fallback: 'InternalServerError',
  },
  {
    name: 'an event of a stream',
    async fail({ client, simulator }, { code, message }) {
      simulator.next({ sse: [{ data: { error: { code, type: code, message } } }] });
      await Array.fromAsync(await client.chat.completions.create({ ...CHAT, stream: true }));
    },
    fallback: 'APIError',
  },
  {
    name: 'the error of a response',
    fail: (program, { code, message }) =>
      respond(program, [], { status: 'failed', error: { code, type: code, message } }),
    fallback: 'failed',
  },
  {
    name: 'the error of an MCP server',
    fail(program, { code, message }) {
      const call = { id: 'mcp_1', type: 'mcp_call', name: 'ask', server_label: 'wiki', arguments: '{}' };
      return respond(program, [{ ...call, error: { code, type: code, message } }]);
    },
    fallback: 'failed',
  },
  {
    name: 'the last error of a run and its step',
    async fail(program, failure) {
      const assistant_id = await failRun(program, failure);
      await program.client.beta.threads.createAndRunPoll({ assistant_id }, { pollIntervalMs: 1 });
    },
    fallback: 'failed',
  },
  {
    name: 'the last error of a run, streamed',
    async fail(program, failure) {
      const assistant_id = await failRun(program, failure);
      const { threads } = program.client.beta;
      await Array.fromAsync(await threads.createAndRun({ assistant_id, stream: true }));
    },
    fallback: 'failed',
  },
  {
    name: 'the error of a turn',
    fail: (program, error) => askAgent(program, { end: 'failed', error }),
    fallback: 'failed',
  },
  {
    name: 'the error of a session',
    fail: (program, error) => askAgent(program, { sessionFails: true, error }),
    fallback: 'server_error',
  },
  {
    name: 'the environment of a session',
    fail: (program, { code }) =>
      askAgent(program, { items: [{ environment: 'failed', errorCode: code }, { message: 'Done.' }] }),
    fallback: 'environment_error',
    isSilent: true,
  },
];

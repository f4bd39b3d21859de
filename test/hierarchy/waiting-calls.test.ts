import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** Each request takes a millisecond, so that spans have an order. */
function start(): Promise<Program> {
  const slow: typeof fetch = (url, init) => {
    vi.advanceTimersByTime(1);
    return fetch(url, init);
  };
  return startProgram({ client: { fetch: slow } });
}

const MODEL = 'gpt-4o-mini';
const UNIQUE = 'call_T9rXw2LbQm4KzVy8NcHd0PfA';

type Input = OpenAI.Responses.ResponseInputItem[];

/** A response that asks for something. */
async function asked(program: Program, item: object, more: object = {}): Promise<void> {
  program.simulator.next({ body: responseBody([item]) });
  await program.client.responses.create({ model: MODEL, input: 'Do it.', ...more });
}

function answered({ client, simulator }: Program, input: object, more: object = {}): PromiseLike<unknown> {
  simulator.next({ body: responseBody([], { id: 'resp_2' }) });
  return client.responses.create({ model: MODEL, input: [input] as unknown as Input, ...more });
}

const BEFORE = { previous_response_id: 'resp_1' };
const deploy = (call_id: string) => ({ type: 'function_call', call_id, name: 'deploy', arguments: '{}' });
const outputOf = (call_id: string, more: object = {}) => ({
  type: 'function_call_output',
  call_id,
  output: 'Done.',
  ...more,
});

/** The longest tool call that was measured, in seconds. */
async function longestTool(program: Program): Promise<number | undefined> {
  const [{ max } = { max: undefined }] = await program.points('gen_ai.execute_tool.duration');
  return max && Math.round(max);
}

describe('a call of a response that a person answers after hours', () => {
  it.each<[string, object, object]>([
    ['deploy', deploy(UNIQUE), outputOf(UNIQUE)],
    // The response tells it from others with the same id.
    ['deploy', deploy('call_0'), outputOf('call_0')],
    [
      'run_sql',
      { type: 'custom_tool_call', call_id: UNIQUE, name: 'run_sql', input: 'SELECT 1' },
      outputOf(UNIQUE, { type: 'custom_tool_call_output' }),
    ],
    [
      'computer',
      { type: 'computer_call', id: 'cu_1', call_id: UNIQUE, action: { type: 'wait' } },
      outputOf(UNIQUE, { type: 'computer_call_output', output: { type: 'computer_screenshot' } }),
    ],
    [
      'local_shell',
      { type: 'local_shell_call', id: 'lsh_1', call_id: UNIQUE, action: { type: 'exec', command: ['ls'] } },
      outputOf(UNIQUE, { type: 'local_shell_call_output' }),
    ],
    ...['lsh_1', UNIQUE].map((id): [string, object, object] => [
      'local_shell',
      { type: 'local_shell_call', id: 'lsh_1', call_id: UNIQUE, action: { type: 'exec', command: ['ls'] } },
      { type: 'local_shell_call_output', id, output: 'Done.' },
    ]),
    [
      'drop',
      { type: 'mcp_approval_request', id: 'mcpr_1', name: 'drop', server_label: 'db', arguments: '{}' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: false },
    ],
  ])('has its span and metric in one trace: %s', async (name, call, output) => {
    const program = await start();
    await asked(program, call);
    vi.advanceTimersByTime(23 * HOUR);
    await answered(program, output, BEFORE);
    await program.expectTree(`
      chat ${MODEL}
      ├─ execute_tool ${name}
      └─ chat ${MODEL}
    `);
    // A call that was denied did not run.
    expect(await longestTool(program)).toBe(name === 'drop' ? undefined : 82_800);
  });

  it('continues in its trace once it is approved', async () => {
    const program = await start();
    const named = { name: 'drop', server_label: 'db', arguments: '{}' };
    await asked(program, { type: 'mcp_approval_request', id: 'mcpr_1', ...named });
    vi.advanceTimersByTime(2 * HOUR);
    const approval = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true };
    await answered(program, approval, BEFORE);
    await program.expectTree(`
      chat ${MODEL}
      └─ chat ${MODEL}
    `);
  });

  it('is forgotten after a day', async () => {
    const program = await start();
    await asked(program, deploy(UNIQUE));
    vi.advanceTimersByTime(DAY + MINUTE);
    await answered(program, outputOf(UNIQUE), BEFORE);
    await program.expectTree(`
      chat ${MODEL}

      chat ${MODEL}
    `);
  });
});

type Message = OpenAI.Chat.ChatCompletionMessageParam;
const QUESTION: Message = { role: 'user', content: 'Deploy it.' };

function askByChat({ client, simulator }: Program, id: string): PromiseLike<unknown> {
  simulator.next({ body: completionBody([functionCall('deploy', '{}', id)]) });
  const tools = [{ type: 'function' as const, function: { name: 'deploy' } }];
  return client.chat.completions.create({ model: MODEL, messages: [QUESTION], tools });
}

function answerByChat({ client, simulator }: Program, id: string): PromiseLike<unknown> {
  simulator.next({ body: completionBody('Done.') });
  const call: Message = { role: 'assistant', tool_calls: [functionCall('deploy', '{}', id)] };
  const messages: Message[] = [QUESTION, call, { role: 'tool', tool_call_id: id, content: 'Done.' }];
  return client.chat.completions.create({ model: MODEL, messages });
}

const LOOP = `
  chat ${MODEL}
  ├─ execute_tool deploy
  └─ chat ${MODEL}
`;
const ALONE = `
  chat ${MODEL}
`;

describe('a call of a chat completion that a build answers after hours', () => {
  it('has its span and metric in one trace, if its id is unique', async () => {
    const program = await start();
    await askByChat(program, UNIQUE);
    vi.advanceTimersByTime(2 * HOUR);
    await answerByChat(program, UNIQUE);
    await program.expectTree(LOOP);
    expect(await longestTool(program)).toBe(7_200);
  });

  it('has them in its conversation, whatever its id', async () => {
    const program = await start();
    await withConversation('chat-1', () => askByChat(program, 'call_0'));
    vi.advanceTimersByTime(2 * HOUR);
    await withConversation('chat-1', () => answerByChat(program, 'call_0'));
    await program.expectTreeAtEnd(`
      conversation            openai.total.runs=1
      ├─ chat ${MODEL}
      ├─ execute_tool deploy
      └─ conversation         openai.total.runs=2
         └─ chat ${MODEL}
    `);
    expect(await longestTool(program)).toBe(7_200);
  });
});

describe('an abandoned call with an id that servers repeat', () => {
  it('hides the same call of the next user for ten minutes at most', async () => {
    const program = await start();
    await askByChat(program, 'call_0');
    vi.advanceTimersByTime(11 * MINUTE);
    await askByChat(program, 'call_0');
    vi.advanceTimersByTime(MINUTE);
    await answerByChat(program, 'call_0');
    await program.expectTree(ALONE + LOOP);
  });

  it('hides none outside of its response for longer', async () => {
    const program = await start();
    await asked(program, deploy('call_0'));
    vi.advanceTimersByTime(11 * MINUTE);
    program.simulator.next({ body: responseBody([deploy('call_0')], { id: 'resp_3' }) });
    const question = { role: 'user' as const, content: 'Do it.' };
    await program.client.responses.create({ model: MODEL, input: [question] });
    vi.advanceTimersByTime(MINUTE);
    const input = [question, deploy('call_0'), outputOf('call_0')] as unknown as Input;
    await program.client.responses.create({ model: MODEL, input });
    await program.expectTree(`${ALONE}${LOOP}`);
  });

  it('gives way to a newer one of its conversation', async () => {
    const program = await start();
    await program.inSpan(() =>
      withConversation('chat-1', async () => {
        await askByChat(program, 'call_0');
        vi.advanceTimersByTime(11 * MINUTE);
        await askByChat(program, 'call_0');
        vi.advanceTimersByTime(MINUTE);
        await answerByChat(program, 'call_0');
      }),
    );
    await program.expectTree(`
      program
      ├─ chat ${MODEL}
      ├─ chat ${MODEL}
      ├─ execute_tool deploy
      └─ chat ${MODEL}
    `);
    expect(await longestTool(program)).toBe(60);
  });
});

describe('a Conversation whose function takes an hour', () => {
  it.each(['in the next response', 'as an item'])('is one trace if its output comes %s', async (how) => {
    const program = await start();
    const { conversations, responses } = program.client;
    const { id: conversation } = await conversations.create({});
    await asked(program, deploy(UNIQUE), { conversation });
    vi.advanceTimersByTime(HOUR);
    const input = [outputOf(UNIQUE)] as unknown as Input;
    const isItem = how === 'as an item';
    if (isItem) await conversations.items.create(conversation, { items: input });
    await responses.create({ model: MODEL, conversation, ...(isItem ? {} : { input }) });
    await program.expectTreeAtEnd(`
      conversation
      ├─ POST /conversations
      ├─ chat ${MODEL}
      ├─ execute_tool deploy
      └─ conversation
         ${isItem ? '├─ POST /conversations/{conversation_id}/items\n         ' : ''}└─ chat ${MODEL}
    `);
  });
});

it.each(['a poll', 'a stream'])(
  'a turn whose function a person answers after hours continues in a linked second span, seen by %s',
  async (how) => {
    const functions = [{ name: 'deploy', arguments: {} }];
    const program = await startAgentProgram([{ items: [{ functions }, { message: 'Done.' }] }, {}]);
    const { id } = await program.create('Deploy it.');
    const session = await program.poll(id, 'requires_action');
    const pausing = expect.poll(() => {
      vi.advanceTimersByTime(MINUTE);
      return program.telemetry.openSpans;
    });
    await pausing.toEqual([]);
    vi.advanceTimersByTime(5 * HOUR);
    await program.answer(session);
    await (how === 'a poll' ? program.poll(id) : program.follow(id));
    await program.expectTreeAtEnd(`
      session                 openai.total.runs=1
      └─ invoke_agent Helper  openai.run.observed=false openai.run.status=waiting

      session                 openai.total.runs=1
      └─ invoke_agent Helper  openai.run.status=completed
         └─ execute_tool deploy
    `);
  },
);

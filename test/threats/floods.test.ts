/**
 * A server or a model decides how often its answer repeats something. Without a bound one answer would fill the queue
 * of a span processor, so that the spans of innocent calls are dropped, and block the event loop.
 */

import type OpenAI from 'openai';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { noticed } from '../../src/diagnostics/report.ts';
import { agents, readRequiredActions } from '../../src/hierarchy/dialects/agents.ts';
import { readRun, readStep } from '../../src/hierarchy/dialects/assistants.ts';
import { readItemCalls, readItemResults } from '../../src/hierarchy/dialects/responses.ts';
import { chat } from '../../src/operations/chat.ts';
import { readAgentContent } from '../../src/operations/create-agent.ts';
import { response } from '../../src/operations/response.ts';
import { retrieval } from '../../src/operations/retrieval.ts';
import { textCompletion } from '../../src/operations/text-completion.ts';
import { startAgentProgram } from '../support/agent-program.ts';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { forgetNotices } from '../support/process-state.ts';
import { startProgram } from '../support/program.ts';
import { recordFacts } from '../support/recording-sink.ts';
import { startTutor } from '../support/tutor.ts';

beforeEach(forgetNotices);

const skipped = 'openai.skipped.tool_calls';

function responseWith(items: number): object {
  const item = (index: number) => ({ type: 'novel_tool_call', id: `item_${index}`, status: 'completed' });
  return responseBody(Array.from({ length: items }, (_, index) => item(index)));
}

function completionWith(calls: number): object {
  return completionBody(
    Array.from({ length: calls }, (_, index) => functionCall('look', '{}', `call_${index}`)),
  );
}

it.each([
  [20_000, 'plain', 128],
  [2_000, 'streamed', 128],
  [20, 'plain', 20],
])(
  'a server that repeats tool calls in a response has of %d tool calls in one %s response %d recorded, and the others counted',
  async (items, how, recorded) => {
    const { client, simulator, ended } = await startProgram({ mayLog: true });
    const response = responseWith(items);
    if (how === 'plain') simulator.next({ body: response });
    else simulator.next({ sse: [{ data: { type: 'response.completed', response } }] });
    const stream = how === 'streamed';
    const answer = await client.responses.create({ model: 'gpt-4o', input: 'What is x?', stream });
    if (Symbol.asyncIterator in answer) await Array.fromAsync(answer);
    expect(ended('execute_tool novel_tool')).toHaveLength(recorded);
    const others = items - recorded;
    expect(ended('chat gpt-4o').map(({ attributes }) => attributes[skipped])).toEqual([others || undefined]);
    expect(noticed().map(({ code }) => code)).toEqual(others > 0 ? ['calls_skipped'] : []);
  },
);

describe('a model that keeps asking for tool calls', () => {
  const model = 'gpt-4o';
  const question = { role: 'user' as const, content: 'What is x?' };

  it.each([
    [1_000, 128],
    [20, 20],
  ])(
    'has of %d calls of one chat completion %d recorded, however many are answered',
    async (calls, recorded) => {
      const { client, simulator, ended } = await startProgram({ mayLog: true });
      simulator.next({ body: completionWith(calls) });
      await withConversation('chat-1', async () => {
        const { completions } = client.chat;
        const { choices } = await completions.create({ model, messages: [question] });
        const message = choices[0]?.message as OpenAI.ChatCompletionMessage;
        const told = { role: 'tool' as const, content: '1' };
        const results = (message.tool_calls ?? []).map(({ id }) => ({ ...told, tool_call_id: id }));
        await completions.create({ model, messages: [question, message, ...results] });
      });
      expect(ended('execute_tool look')).toHaveLength(recorded);
      expect(ended('chat gpt-4o')[0]?.attributes[skipped]).toBe(calls - recorded || undefined);
    },
  );

  it('has the calls of a streamed chat completion beyond 128 counted', async () => {
    const { client, simulator, ended } = await startProgram({ mayLog: true });
    const chunks = Array.from({ length: 500 }, (_, index) => {
      const delta = { tool_calls: [{ index, id: `call_${index}`, function: { name: 'look' } }] };
      return { data: { id: 'chatcmpl_1', model, choices: [{ index: 0, finish_reason: null, delta }] } };
    });
    simulator.next({ sse: [...chunks, 'done'] });
    await Array.fromAsync(
      await client.chat.completions.create({ model, messages: [question], stream: true }),
    );
    expect(ended('chat')[0]?.attributes[skipped]).toBe(500 - 128);
  });

  it.each([
    [300, 128],
    [20, 20],
  ])('has all of %d functions run by runTools, and %d of them recorded', async (calls, recorded) => {
    const { client, simulator, ended } = await startProgram({ mayLog: true });
    simulator.next({ body: completionWith(calls) });
    let ran = 0;
    const look = { name: 'look', description: 'Looks.', parameters: {}, function: () => String(++ran) };
    const tools = [{ type: 'function' as const, function: look }];
    await client.chat.completions.runTools({ model, messages: [question], tools }).finalContent();
    expect([ran, ended('execute_tool look').length]).toEqual([calls, recorded]);
  });
});

it.each([
  [1, 500, 128],
  [20, 100, 1_000],
  [10, 20, 200],
])(
  'a server that repeats itself in a run has of %d steps with %d tool calls each %d calls recorded, and a count on the run',
  async (count, calls, recorded) => {
    const { simulator, threadId, ...tutor } = await startTutor({ runs: [{}], mayLog: true });
    const call = { type: 'code_interpreter', code_interpreter: { input: '1', outputs: [] } };
    const data = Array.from({ length: count }, (_, step) => {
      const tool_calls = Array.from({ length: calls }, (__, index) => ({ ...call, id: `${step}_${index}` }));
      const times = { created_at: 1_700_000_000, completed_at: 1_700_000_001 };
      return {
        id: `step_${step}`,
        object: 'thread.run.step',
        type: 'tool_calls',
        status: 'completed',
        run_id: 'run_000001',
        thread_id: threadId,
        ...times,
        step_details: { type: 'tool_calls', tool_calls },
      };
    });
    simulator.next({ when: { path: /steps/ }, body: { object: 'list', data } });
    await tutor.inSpan(tutor.run);
    const [run] = await tutor.flushed('invoke_agent');
    const steps = tutor.ended('chat');
    expect(steps).toHaveLength(count);
    expect(tutor.ended('execute_tool')).toHaveLength(recorded);
    expect(run?.attributes[skipped]).toBe(count * calls - recorded || undefined);
    const skippedOf = (step: number) => calls - Math.min(calls, 128, Math.max(0, 1_000 - step * calls));
    expect(steps.map(({ attributes }) => attributes[skipped])).toEqual(
      steps.map((_, step) => skippedOf(step) || undefined),
    );
  },
);

it.each([
  [400, 128, 272],
  [20, 20, undefined],
])(
  'an agent that repeats itself in a turn has of %d tool calls %d recorded, and a count on the turn',
  async (commands, recorded, others) => {
    const items = Array.from({ length: commands }, (_, index) => ({
      command: { command: `echo ${index}`, output: '' },
    }));
    const program = await startAgentProgram([{ items: [...items, { message: 'Done.' }] }], { mayLog: true });
    await program.inSpan(() => program.converse('Do it.'));
    const [turn] = await program.flushed('invoke_agent');
    expect(program.ended('execute_tool')).toHaveLength(recorded);
    expect(turn?.attributes[skipped]).toBe(others);
  },
);

test.each(['events', 'spans'] as const)(
  'a streamed run has 128 of very many deltas recorded as %s',
  async (mode) => {
    const message = Array.from({ length: 500 }, (_, index) => index).join(' ');
    const tutor = await startTutor({ runs: [{ steps: [{ message }] }], config: { streamDeltas: mode } });
    await tutor.inSpan(tutor.stream);
    const [step] = await tutor.flushed('chat gpt-4o-mini');
    expect(mode === 'events' ? step?.events : tutor.ended('message_delta')).toHaveLength(128);
    expect(step?.attributes['openai.skipped.message_deltas']).toBeGreaterThan(300);
  },
);

it('a server that rejects a call hundreds of times gets spans for the first attempts and the last one, and all are counted', async () => {
  const headers = { 'content-type': 'application/json', 'retry-after-ms': '0.001' };
  let requests = 0;
  const fetch = async (): Promise<Response> =>
    new Response('{"data":[]}', { status: ++requests <= 300 ? 500 : 200, headers });
  const { client, ended } = await startProgram({ client: { maxRetries: 300, fetch } });
  await client.models.list();
  const attempts = ended('attempt');
  const resent = 'http.request.resend_count';
  expect(attempts).toHaveLength(128);
  expect(attempts.at(-1)?.attributes).toMatchObject({ [resent]: 300 });
  expect(ended('GET /models')[0]?.attributes[resent]).toBe(300);
});

describe('only the first thousand of 5,000 entries are read:', () => {
  const ENTRIES = 5_000;

  /** An entry that counts what is read of it beyond its type. */
  function counting(fields: object, reads: { count: number }): object {
    return new Proxy(fields, {
      get(target, key) {
        if (key !== 'type' && key !== 'flagged' && key !== 'message') reads.count++;
        return Reflect.get(target, key);
      },
    });
  }

  const CALL = { id: 'call_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' };
  const ITEM = {
    id: 'item_1',
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'x' }],
  };
  const RUN = { id: 'run_1', object: 'thread.run', thread_id: 'thread_1', status: 'requires_action' };
  const STEP = { id: 'step_1', object: 'thread.run.step', run_id: 'run_1' };
  const CHOICE = { index: 0, finish_reason: 'stop', text: 'x', message: { role: 'assistant', content: 'x' } };
  const done = { id: 'resp_1', status: 'completed' };

  const READERS: readonly (readonly [string, object, (entries: readonly object[]) => unknown])[] = [
    [
      'output items, for their tool calls',
      CALL,
      (output) => readItemCalls({ ...done, output }, { content: true }),
    ],
    [
      'output items, for their content',
      ITEM,
      (output) => response.content?.output?.({ ...done, output }).outputMessages,
    ],
    [
      'output items, for attributes',
      CALL,
      (output) => response.resultAttributes({ ...done, output }, {} as never),
    ],
    ['output items, for the sink', CALL, (output) => response.toolCalls?.({ ...done, output })],
    [
      'parts of an output item',
      { type: 'output_text', text: 'x' },
      (content) => response.content?.output?.({ ...done, output: [{ ...ITEM, content }] }).outputMessages,
    ],
    ['choices, for their content', CHOICE, (choices) => chat.content?.output?.({ choices }).outputMessages],
    ['choices, for attributes', CHOICE, (choices) => chat.resultAttributes({ choices }, {} as never)],
    [
      'tool calls of a choice, for the sink',
      CALL,
      (tool_calls) => chat.toolCalls?.({ choices: [{ message: { tool_calls } }] }),
    ],
    [
      'tool calls of a choice',
      { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } },
      (tool_calls) => chat.content?.output?.({ choices: [{ message: { tool_calls } }] }).outputMessages,
    ],
    [
      'choices of a legacy completion',
      CHOICE,
      (choices) => textCompletion.content?.output?.({ choices }).outputMessages,
    ],
    [
      'documents',
      { file_id: 'file_1', content: [] },
      (data) => retrieval.content?.output?.({ data }).documents,
    ],
    [
      'tool calls of a run',
      CALL,
      (tool_calls) =>
        readRun({ ...RUN, required_action: { submit_tool_outputs: { tool_calls } } }, { content: true }),
    ],
    [
      'tool calls of a step',
      CALL,
      (tool_calls) => readStep({ ...STEP, step_details: { tool_calls } }, { content: true }),
    ],
    [
      'required actions',
      CALL,
      (required_actions) => readRequiredActions({ required_actions }, { content: true }),
    ],
    [
      'parts of an item of a turn',
      { type: 'output_text', text: 'x' },
      (content) =>
        agents.read({ ...ITEM, turn_id: 'turn_1', content }, { ...recordFacts(), wants: () => 'changes' }),
    ],
  ];

  test.each(READERS)('%s', (_, fields, read) => {
    const beyond = { count: 0 };
    const within = { count: 0 };
    const entries = Array.from({ length: ENTRIES }, (_, index) =>
      counting(fields, index < 1_000 ? within : beyond),
    );
    read(entries);
    expect(within.count).toBeGreaterThan(0);
    expect(beyond.count).toBe(0);
  });

  test('a response of nothing but calls is searched for their results once', () => {
    let reads = 0;
    const output = Array.from({ length: 1_000 }, (_, index) => ({
      get type() {
        reads++;
        return 'mcp_call';
      },
      id: `item_${index}`,
    }));
    expect(readItemCalls({ ...done, output }, { content: true })).toHaveLength(128);
    expect(reads).toBeLessThan(10_000);
  });

  test('a history of nothing but answered calls is read once', () => {
    const ids = Array.from({ length: 40_000 }, (_, index) => `call_${index}`);
    const output = (call_id: string): object => ({ type: 'function_call_output', call_id, output: 'x' });
    const input = [
      ...ids.map((call_id) => ({ ...CALL, call_id })),
      { role: 'assistant', content: 'x' },
      output('unknown'),
      ...ids.map(output),
    ];
    const began = performance.now();
    expect(readItemResults({ input })).toHaveLength(ids.length + 1);
    // In the time of a squared length, this would take several seconds.
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  // Reading tools runs no code of the program, so that nothing can count it.
  test('tools of an agent', () => {
    const tools = Array.from({ length: ENTRIES }, () => ({ type: 'function', name: 'f' }));
    expect(readAgentContent({ tools }).toolDefinitions).toHaveLength(1_000);
  });

  test('and an attribute counts the documents', async () => {
    const { client, simulator, telemetry } = await startProgram({
      config: { captureMessageContent: true },
      content: true,
    });
    const data = Array.from({ length: 200 }, (_, index) => ({
      file_id: `file_${index}`,
      score: 1,
      content: [],
    }));
    simulator.next({ body: { object: 'vector_store.search_results.page', data, has_more: false } });
    await client.vectorStores.search('vs_1', { query: 'x' });
    const attributes = telemetry.spans.at(-1)?.attributes;
    expect(attributes?.['openai.file_search.result_count']).toBe(200);
    const documents = JSON.parse(String(attributes?.['gen_ai.retrieval.documents']));
    expect(documents.at(-1)).toEqual({ type: 'omitted', name: '…', count: 200 - 128 });
  });
});

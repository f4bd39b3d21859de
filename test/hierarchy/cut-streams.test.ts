import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';

const MODEL = 'gpt-4o-mini';

/** Of the spans of which the program had a stream. */
function ends({ telemetry }: Pick<Program, 'telemetry'>): unknown[] {
  return telemetry.spans.flatMap(({ attributes }) => attributes['openai.stream.end'] ?? []);
}

async function readAll(stream: PromiseLike<AsyncIterable<unknown>>): Promise<void> {
  for await (const _ of await stream);
}

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const chunk = (choice: object): object => ({
  data: {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: MODEL,
    usage,
    choices: [{ index: 0, ...choice }],
  },
});
const hello = chunk({ delta: { content: 'Hello' } });
const bye = { ...chunk({ delta: { content: '!' } }) };

describe('a stream of a chat completion', () => {
  it.each([
    ['cut', [hello, bye]],
    [
      'cut',
      [
        hello,
        chunk({ delta: {}, finish_reason: 'stop' }),
        chunk({ index: 1, delta: { tool_calls: [{ index: 0, id: 'a' }] } }),
      ],
    ],
    ['completed', [hello, chunk({ delta: {}, finish_reason: 'stop' })]],
  ])('is %s', async (end, sse) => {
    const program = await startProgram();
    program.simulator.next({ sse: sse as never });
    const messages = [{ role: 'user' as const, content: 'x' }];
    await readAll(program.client.chat.completions.create({ model: MODEL, messages, stream: true }));
    expect(ends(program)).toEqual([end]);
  });
});

describe('a stream of a legacy completion', () => {
  const piece = (finish_reason: string | null): object => ({
    data: {
      id: 'cmpl-1',
      object: 'text_completion',
      model: MODEL,
      usage,
      choices: [{ index: 0, text: 'x', finish_reason }],
    },
  });

  it.each([
    ['cut', [piece(null)]],
    ['completed', [piece(null), piece('stop')]],
  ])('is %s', async (end, sse) => {
    const program = await startProgram();
    program.simulator.next({ sse: sse as never });
    await readAll(program.client.completions.create({ model: MODEL, prompt: 'x', stream: true }));
    expect(ends(program)).toEqual([end]);
  });
});

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  model: MODEL,
  created_at: 1,
  output: [],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};
const event = (type: string, response: object, sequence_number: number): object => ({
  data: { type, response: { ...RESPONSE, ...response }, sequence_number },
});
const created = event('response.created', { status: 'in_progress' }, 0);

describe('a stream of a response', () => {
  it.each([
    ['cut', [created], undefined],
    ['completed', [created, event('response.completed', { status: 'completed' }, 1)], ['stop']],
    // Some servers leave the status to the event.
    ['completed', [created, event('response.completed', {}, 1)], ['stop']],
    ['completed', [created, event('response.failed', { error: { code: 'server_error' } }, 1)], ['error']],
    ['completed', [created, event('response.cancelled', { status: 'cancelled' }, 1)], ['cancelled']],
  ])('is %s: %j', async (end, sse, reasons) => {
    const program = await startProgram();
    program.simulator.next({ sse: sse as never });
    await readAll(program.client.responses.create({ model: MODEL, input: 'x', stream: true }));
    const [span] = program.telemetry.spans;
    expect(ends(program)).toEqual([end]);
    expect(span?.attributes['gen_ai.response.finish_reasons']).toEqual(reasons);
  });
});

describe('a background response that is resumed', () => {
  const background = { background: true, status: 'in_progress' };
  const begin = [event('response.created', background, 0), event('response.in_progress', background, 1)];
  const rest = [
    event('response.in_progress', background, 2),
    event('response.completed', { background: true, status: 'completed' }, 3),
  ];

  it('completed: its span has the chunks of both streams', async () => {
    const program = await startProgram();
    program.simulator.next({ sse: begin as never });
    program.simulator.next({ sse: rest as never });
    await program.inSpan(async () => {
      const { responses } = program.client;
      await readAll(responses.create({ model: MODEL, input: 'x', stream: true, background: true }));
      await readAll(responses.retrieve('resp_1', { stream: true, starting_after: 1 }));
    });
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini  openai.stream.end=completed openai.stream.chunk_count=4
    `);
  });

  it('was cut again, and its end was polled', async () => {
    const program = await startProgram();
    program.simulator.next({ sse: begin as never });
    program.simulator.next({ sse: rest.slice(0, 1) as never });
    const { responses } = program.client;
    await program.inSpan(async () => {
      await readAll(responses.create({ model: MODEL, input: 'x', stream: true, background: true }));
      await readAll(responses.retrieve('resp_1', { stream: true, starting_after: 1 }));
      program.simulator.next({ body: { ...RESPONSE, background: true, status: 'completed' } });
      await responses.retrieve('resp_1');
    });
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini  openai.stream.end=cut openai.stream.chunk_count=3
    `);
  });
});

describe('a stream of a run', () => {
  const steps = [{ tools: [{ function: { name: 'wait', arguments: {} } }] }, { message: 'Done.' }];

  it('is cut when the run continues', async () => {
    const program = await startTutor({ runs: [{}] });
    const { client, simulator, threadId: thread_id, assistantId: assistant_id } = program;
    await program.inSpan(async () => {
      const run = await client.beta.threads.runs.create(thread_id, { assistant_id });
      await client.beta.threads.runs.poll(run.id, { thread_id });
      const again = { ...run, id: 'run_cut', status: 'in_progress' };
      simulator.next({
        when: { method: 'POST', path: /runs$/ },
        sse: [{ event: 'thread.run.created', data: again }],
      });
      await readAll(client.beta.threads.runs.create(thread_id, { assistant_id, stream: true }));
      simulator.next({ when: { method: 'GET', path: /run_cut$/ }, body: { ...again, status: 'completed' } });
      await client.beta.threads.runs.retrieve('run_cut', { thread_id });
    });
    await program.telemetry.provider.forceFlush();
    expect(ends(program)).toEqual(['cut']);
  });

  it('that answers its functions continues with the count', async () => {
    const program = await startTutor({ runs: [{ steps }] });
    const { client, threadId: thread_id, assistantId: assistant_id } = program;
    let chunks = 0;
    await program.inSpan(async () => {
      let call = '';
      let run = '';
      for await (const { data, event } of await client.beta.threads.runs.create(thread_id, {
        assistant_id,
        stream: true,
      })) {
        chunks++;
        if (event !== 'thread.run.requires_action') continue;
        run = data.id;
        call = data.required_action?.submit_tool_outputs.tool_calls[0]?.id ?? '';
      }
      const tool_outputs = [{ tool_call_id: call, output: 'x' }];
      const rest = client.beta.threads.runs.submitToolOutputs(run, { thread_id, tool_outputs, stream: true });
      for await (const _ of await rest) chunks++;
    });
    await program.telemetry.provider.forceFlush();
    const [span] = program.telemetry.spans.filter(({ name }) => name.startsWith('invoke_agent'));
    expect(span?.attributes).toMatchObject({
      'openai.stream.end': 'completed',
      'openai.stream.chunk_count': chunks,
    });
  });
});

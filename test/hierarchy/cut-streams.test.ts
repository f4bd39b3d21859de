import type { Run } from 'openai/resources/beta/threads/runs/runs';
import { describe, expect, it } from 'vitest';
import { responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { ASKS_FOR_X, outputsFor, startTutor } from '../support/tutor.ts';

const MODEL = 'gpt-4o-mini';

/** Of the spans of which the program had a stream. */
function ends({ telemetry }: Pick<Program, 'telemetry'>): unknown[] {
  return telemetry.spans.flatMap(({ attributes }) => attributes['openai.stream.end'] ?? []);
}

async function readAll(stream: PromiseLike<AsyncIterable<unknown>>): Promise<void> {
  for await (const _ of await stream);
}

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const chunk = (choice: object): { data: object } => ({
  data: {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: MODEL,
    usage,
    choices: [{ index: 0, ...choice }],
  },
});
const hello = chunk({ delta: { content: 'Hello' } });
const stop = chunk({ delta: {}, finish_reason: 'stop' });
const call = chunk({ index: 1, delta: { tool_calls: [{ index: 0, id: 'a' }] } });
const piece = (finish_reason: string | null): { data: object } => ({
  data: {
    id: 'cmpl-1',
    object: 'text_completion',
    model: MODEL,
    usage,
    choices: [{ index: 0, text: 'x', finish_reason }],
  },
});

const chat = ({ client }: Program) =>
  client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'x' }], stream: true });
const legacy = ({ client }: Program) =>
  client.completions.create({ model: MODEL, prompt: 'x', stream: true });

it.each<[string, (program: Program) => PromiseLike<AsyncIterable<unknown>>, { data: object }[]]>([
  ['cut', chat, [hello, chunk({ delta: { content: '!' } })]],
  ['cut', chat, [hello, stop, call]],
  ['completed', chat, [hello, stop]],
  ['cut', legacy, [piece(null)]],
  ['completed', legacy, [piece(null), piece('stop')]],
])('a stream of a completion is %s: %o', async (end, create, sse) => {
  const program = await startProgram();
  program.simulator.next({ sse });
  await readAll(create(program));
  expect(ends(program)).toEqual([end]);
});

const image = ({ client }: Program) =>
  client.images.generate({ model: 'gpt-image-1', prompt: 'x', stream: true });
const transcript = ({ client }: Program) =>
  client.audio.transcriptions.create({
    model: 'gpt-4o-transcribe',
    file: new File(['x'], 'x.wav'),
    stream: true,
  });

it.each<[string, (program: Program) => PromiseLike<AsyncIterable<unknown>>, string[]]>([
  ['cut', image, []],
  ['cut', image, ['image_generation.partial_image']],
  ['completed', image, ['image_generation.partial_image', 'image_generation.completed']],
  ['cut', transcript, ['transcript.text.delta', 'transcript.text.segment']],
  ['completed', transcript, ['transcript.text.delta', 'transcript.text.done']],
])('a stream of an image or a transcript is %s: %o %j', async (end, create, types) => {
  const program = await startProgram();
  program.simulator.next({ sse: types.map((type) => ({ data: { type } })) });
  await readAll(create(program));
  expect(ends(program)).toEqual([end]);
});

const event = (type: string, response: object, sequence_number: number): object => ({
  data: { type, response: responseBody([], { status: undefined, ...response }), sequence_number },
});
const created = event('response.created', { status: 'in_progress' }, 0);

it.each([
  ['cut', [created], undefined],
  ['completed', [created, event('response.completed', { status: 'completed' }, 1)], ['stop']],
  // Some servers leave the status to the event.
  ['completed', [created, event('response.completed', {}, 1)], ['stop']],
  ['completed', [created, event('response.failed', { error: { code: 'server_error' } }, 1)], ['error']],
  ['completed', [created, event('response.cancelled', { status: 'cancelled' }, 1)], ['cancelled']],
])('a stream of a response is %s: %j', async (end, sse, reasons) => {
  const program = await startProgram();
  program.simulator.next({ sse: sse as never });
  await readAll(program.client.responses.create({ model: MODEL, input: 'x', stream: true }));
  const [span] = program.telemetry.spans;
  expect(ends(program)).toEqual([end]);
  expect(span?.attributes['gen_ai.response.finish_reasons']).toEqual(reasons);
});

const background = { background: true, status: 'in_progress' };

it.each([
  ['completed', [event('response.completed', { background: true, status: 'completed' }, 3)], 4],
  ['cut', [], 3],
])(
  'a background response that is resumed is %s, and has the chunks of both streams',
  async (end, last, chunks) => {
    const program = await startProgram();
    const { responses } = program.client;
    const begun = [event('response.created', background, 0), event('response.in_progress', background, 1)];
    program.simulator.next({ sse: begun as never });
    program.simulator.next({ sse: [event('response.in_progress', background, 2), ...last] as never });
    await program.inSpan(async () => {
      await readAll(responses.create({ model: MODEL, input: 'x', stream: true, background: true }));
      await readAll(responses.retrieve('resp_1', { stream: true, starting_after: 1 }));
      if (end === 'completed') return;
      program.simulator.next({ body: responseBody([], { background: true }) });
      await responses.retrieve('resp_1');
    });
    await program.expectTree(`
    program
    └─ chat gpt-4o-mini  openai.stream.end=${end} openai.stream.chunk_count=${chunks}
  `);
  },
);

describe('a stream of a run', () => {
  it('is cut when the run continues', async () => {
    const program = await startTutor({ runs: [{}] });
    const { client, simulator, threadId: thread_id } = program;
    await program.inSpan(async () => {
      const run = await program.run();
      const again = { ...run, id: 'run_cut', status: 'in_progress' };
      simulator.next({
        when: { method: 'POST', path: /runs$/ },
        sse: [{ event: 'thread.run.created', data: again }],
      });
      await readAll(program.events());
      simulator.next({ when: { method: 'GET', path: /run_cut$/ }, body: { ...again, status: 'completed' } });
      await client.beta.threads.runs.retrieve('run_cut', { thread_id });
    });
    await program.telemetry.provider.forceFlush();
    expect(ends(program)).toEqual(['cut']);
  });

  it('is cut in another trace than that of the run, too', async () => {
    const { client, simulator, ...program } = await startTutor({ runs: [ASKS_FOR_X] });
    const run = await program.inSpan(program.run, 'ask');
    const data = { ...run, status: 'queued', required_action: null };
    simulator.next({ sse: [{ event: 'thread.run.queued', data }] });
    await program.inSpan(
      () => readAll(client.beta.threads.runs.submitToolOutputs(run.id, { ...outputsFor(run), stream: true })),
      'answer',
    );
    expect(ends(program)).toEqual(['cut']);
    simulator.next({
      when: { method: 'GET', path: /runs\/run_\d+$/ },
      body: { ...data, status: 'completed' },
    });
    await expect.poll(() => program.ended('invoke_agent'), { timeout: 5_000 }).toHaveLength(1);
  });

  it('that answers its functions continues with the count', async () => {
    const program = await startTutor({ runs: [ASKS_FOR_X] });
    let chunks = 0;
    await program.inSpan(async () => {
      let run: Run | undefined;
      for await (const { data, event } of await program.events()) {
        chunks++;
        if (event === 'thread.run.requires_action') run = data;
      }
      if (run === undefined) throw new Error('Nothing was asked for.');
      const rest = program.client.beta.threads.runs.submitToolOutputs(run.id, {
        ...outputsFor(run),
        stream: true,
      });
      for await (const _ of await rest) chunks++;
    });
    const [span] = await program.flushed('invoke_agent');
    expect(span?.attributes).toMatchObject({
      'openai.stream.end': 'completed',
      'openai.stream.chunk_count': chunks,
    });
  });
});

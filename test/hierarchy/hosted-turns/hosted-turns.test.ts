import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { expect, it, onTestFinished, vi } from 'vitest';
import { recordSessionTraces, withMetadata } from '../../../src/client.ts';
import { ConversationIdGenerator } from '../../../src/index.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { type AgentProgram, startAgentProgram } from '../../support/agent-program.ts';
import type { SessionOptions } from '../../support/session.ts';
import { type HostedScript, hostedTrace } from '../../support/simulator/hosted-trace.ts';

const HOSTED: readonly HostedScript[] = [
  {
    name: 'agent turn',
    kind: 2,
    below: [
      {
        name: 'chat gpt-5',
        kind: 3,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'gpt-5',
          'gen_ai.response.finish_reasons': ['stop'],
          'gen_ai.usage.input_tokens': 381,
          'openai.cost': 0.5,
          'gen_ai.input.messages': '[{"role":"user","parts":[]}]',
        },
      },
      { name: 'sandbox', error: 'It cannot mount ada@example.com.' },
    ],
  },
];

const TREE = `
  program
  └─ session
     └─ invoke_agent Helper     openai.turn.id={turn}
        └─ hosted turn          openai.turn.id={turn}
           └─ agent turn        openai.turn.id={turn} openai.hosted.span_id={root}
              ├─ chat gpt-5     openai.turn.id={turn} openai.hosted.span_id={chat} openai.hosted.parent_span_id={root} openai.hosted.usage.input_tokens=381
              └─ sandbox        !error openai.turn.id={turn} openai.hosted.span_id={sandbox} openai.hosted.parent_span_id={root}
`;

/** A session of one turn, which this process has recorded. */
async function startHosted(hosted: readonly HostedScript[], options?: SessionOptions): Promise<AgentProgram> {
  return startAgentProgram([{ hosted }], options);
}

it('the trace that a program lists of a turn comes below the turn, once', async () => {
  const program = await startHosted(HOSTED);
  const { traces } = program.client.beta.agents.sessions;
  await program.inSpan(async () => {
    const id = await program.converse();
    for (let times = 0; times < 3; times++) for await (const _ of traces.list(id));
    expect(await recordSessionTraces(program.client, id)).toBe(1);
  });
  await program.expectTree(TREE);
});

it('the same after the turn, in another span or in none', async () => {
  const program = await startHosted(HOSTED);
  const id = await program.inSpan(() => program.converse());
  expect(await recordSessionTraces(program.client, id)).toBe(1);
  const turn = (await program.flushed('invoke_agent'))[0]?.spanContext();
  const [hosted] = program.ended('hosted turn');
  expect(hosted?.parentSpanContext).toEqual(turn);
  expect(hosted?.spanContext().traceId).toBe(turn?.traceId);
});

it('a turn that this process has not recorded has a trace of its own', async () => {
  const program = await startHosted(HOSTED);
  const { id } = await program.plain.beta.agents.sessions.create({
    agent_id: program.agentId,
    environment: { type: 'none' },
    input: 'What is x?',
  });
  while ((await program.plain.beta.agents.sessions.retrieve(id)).status !== 'idle');
  await program.inSpan(() => withMetadata({ userId: 'ada' }, () => recordSessionTraces(program.client, id)));
  const [hosted] = await program.flushed('hosted turn');
  expect(hosted?.parentSpanContext).toBeUndefined();
  const { traceId } = hosted?.spanContext() ?? {};
  const own = program.telemetry.spans.filter((span) => span.spanContext().traceId === traceId);
  expect(own.map(({ name }) => name)).toEqual(['agent turn', 'chat gpt-5', 'sandbox', 'hosted turn']);
  for (const { attributes } of own)
    expect(attributes).toMatchObject({ 'gen_ai.conversation.id': id, 'user.id': 'ada' });
});

it('with the id generator for conversations, such a turn is in the trace of its session', async () => {
  const program = await startAgentProgram([{ hosted: HOSTED }], {
    idGenerator: new ConversationIdGenerator(),
  });
  const { sessions } = program.plain.beta.agents;
  const asked = { agent_id: program.agentId, environment: { type: 'none' as const }, input: 'What is x?' };
  const { id } = await sessions.create(asked);
  while ((await sessions.retrieve(id)).status !== 'idle');
  await recordSessionTraces(program.client, id);
  await program.telemetry.provider.shutdown();
  const traces = ['session', 'hosted turn', 'chat'].map(
    (name) => program.ended(name)[0]?.spanContext().traceId,
  );
  expect(new Set(traces).size).toBe(1);
});

it('a span processor that throws costs no other span, and reaches no caller', async () => {
  const program = await startHosted(HOSTED, { mayLog: true });
  const id = await program.converse();
  const { startSpan } = Telemetry.prototype;
  const spy = vi.spyOn(Telemetry.prototype, 'startSpan');
  spy.mockImplementation(function (this: Telemetry, name, ...rest) {
    if (name === 'chat gpt-5') throw new Error('a processor failed');
    return startSpan.call(this, name, ...rest);
  });
  onTestFinished(() => spy.mockRestore());
  expect(await recordSessionTraces(program.client, id)).toBe(1);
  expect(await program.flushed('sandbox')).toHaveLength(1);
  expect(program.ended('hosted turn')).toHaveLength(1);
  expect(program.warnings.splice(0).join()).toContain('starting a hosted span failed');
});

it('the spans have the times, kinds and status of OpenAI, and the metadata of the turn', async () => {
  const program = await startHosted(HOSTED);
  const id = await program.inSpan(() => withMetadata({ userId: 'ada' }, () => program.converse()));
  const [turn] = (await program.client.beta.agents.sessions.turns.list(id)).data;
  await recordSessionTraces(program.client, id);
  const seconds = turn?.created_at ?? 0;
  const shown = (await program.flushed('hosted turn')).concat(
    ['agent', 'chat', 'sandbox'].flatMap((name) => program.ended(name)),
  );
  expect(shown.map(({ startTime, endTime, kind, status }) => [startTime, endTime, kind, status])).toEqual([
    [[seconds, 0], [seconds, 6_000_000], SpanKind.INTERNAL, { code: SpanStatusCode.UNSET }],
    [[seconds, 1], [seconds, 5_000_001], SpanKind.SERVER, { code: SpanStatusCode.UNSET }],
    [[seconds, 1_000_001], [seconds, 2_000_001], SpanKind.CLIENT, { code: SpanStatusCode.UNSET }],
    [[seconds, 3_000_001], [seconds, 4_000_001], SpanKind.INTERNAL, { code: SpanStatusCode.ERROR }],
  ]);
  for (const { attributes } of shown) expect(attributes['user.id']).toBe('ada');
});

it('links between the spans lead to the spans of ours, and others stay as they are', async () => {
  const program = await startHosted([{ name: 'first' }, { name: 'second' }]);
  const id = await program.converse();
  const { traces, turns } = program.plain.beta.agents.sessions;
  const [listed] = (await traces.list(id)).data;
  const otlp = structuredClone(listed?.otlp) as unknown as Otlp;
  const spans = otlp.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  const elsewhere = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  const [first, second] = spans;
  Object.assign(first ?? {}, { links: [second, elsewhere, { traceId: 'x', spanId: 'y' }, {}] });
  const [turn] = (await turns.list(id)).data;
  program.simulator.next({
    when: { method: 'GET', path: /traces/ },
    body: { object: 'list', data: [{ ...listed, otlp }], has_more: false },
  });
  await recordSessionTraces(program.client, id);
  const [one] = await program.flushed('first');
  const [other] = program.ended('second');
  expect(turn?.id).toBe(listed?.id);
  expect(one?.links.map(({ context }) => context)).toEqual([
    other?.spanContext(),
    expect.objectContaining(elsewhere),
  ]);
});

interface Otlp {
  readonly resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
}

it('no token of them is counted, neither as usage nor in a metric', async () => {
  const program = await startHosted(HOSTED);
  const id = await program.converse();
  const before = await program.telemetry.metrics();
  await recordSessionTraces(program.client, id);
  const [chat] = await program.flushed('chat');
  expect(Object.keys(chat?.attributes ?? {}).filter((name) => /usage|cost/.test(name))).toEqual([
    'openai.hosted.usage.input_tokens',
    'openai.hosted.attribute.cost',
  ]);
  const names = (list: typeof before) =>
    list.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.length]);
  expect(names(await program.telemetry.metrics())).toEqual(names(before));
});

it('spans that are published later join the turn, below the parents that they have', async () => {
  const program = await startHosted(HOSTED);
  const id = await program.converse();
  const [turn] = (await program.plain.beta.agents.sessions.turns.list(id)).data;
  if (turn === undefined) throw new Error('no turn');
  const listed = async (hosted: readonly HostedScript[]): Promise<void> => {
    const data = [hostedTrace(turn, hosted)];
    program.simulator.next({ when: { method: 'GET', path: /traces/ }, body: { object: 'list', data } });
    await recordSessionTraces(program.client, id);
  };
  await listed([{ name: 'turn', below: [] }]);
  await listed([{ name: 'turn', below: [{ name: 'late' }] }]);
  const [root] = await program.flushed('turn');
  const [late] = program.ended('late');
  expect(program.ended('hosted turn')).toHaveLength(1);
  expect(late?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
});

const NO_CONTENT = [
  'url.full',
  'file_name',
  'gen_ai.request.stop_sequences',
  'gen_ai.input.messages',
  'note',
  'tool.arguments',
  'task.result',
  'input',
  'output',
];
const PRIVATE: HostedScript = {
  name: 'tool',
  error: 'Ada said: my mail is ada@example.com.',
  attributes: {
    'gen_ai.input.messages': [{ role: 'user', content: 'my mail is ada@example.com' }],
    note: 'A text of some length, such as what somebody has said about ada@example.com.',
    'tool.arguments': { to: 'ada@example.com' },
    'task.result': 42,
    input: 'ada@example.com',
    output: true,
    'url.full': 'https://example.com/a?b=c',
    file_name: 'letter.pdf',
    'gen_ai.request.stop_sequences': ['END'],
    'gen_ai.agent.name': 'The best travel agent in town',
    'gen_ai.output.type': 'text',
    'file.ids': ['file-1', 'file-2'],
    'http.request.header.authorization': 'Bearer sk-abcdefghijklmnopqrstuvwxyz',
  },
};

it.each([
  ['without consent', {}, false],
  ['if inputs or outputs are hidden', { captureMessageContent: true, hideContent: 'outputs' }, false],
  ['if content goes to events alone', { captureMessageContent: 'EVENT_ONLY' }, false],
  ['if a function of the program refuses it', { captureMessageContent: () => false }, false],
  ['with consent', { captureMessageContent: 'SPAN_ONLY' }, true],
] as const)('content %s', async (_, config, isRecorded) => {
  const program = await startHosted([PRIVATE], { config });
  const id = await program.converse();
  await recordSessionTraces(program.client, id);
  const [{ attributes = {}, status = undefined } = {}] = await program.flushed('tool');
  expect(NO_CONTENT.filter((name) => name in attributes)).toEqual(isRecorded ? NO_CONTENT : []);
  expect(status).toEqual({
    code: SpanStatusCode.ERROR,
    ...(isRecorded && { message: 'Ada said: my mail is ada@example.com.' }),
  });
  expect(attributes).toMatchObject({
    'gen_ai.agent.name': 'The best travel agent in town',
    'gen_ai.output.type': 'text',
    'file.ids': ['file-1', 'file-2'],
    'http.request.header.authorization': 'REDACTED',
  });
  const text = JSON.stringify(program.telemetry.spans.map((span) => [span.attributes, span.status]));
  expect(text.includes('ada@example.com')).toBe(isRecorded);
  expect(text).not.toContain('sk-abc');
});

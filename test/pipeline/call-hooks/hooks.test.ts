import type { Attributes, Span } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HookRequest, HookResponse, Hooks, OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { assertSpanTree } from '../../../src/testing.ts';
import { type Session, type SessionOptions, startSession } from '../../support/session.ts';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello?' }] };

/** A program with hooks, whose attributes are its own and in no registry. */
async function start(config: OpenAIInstrumentationConfig, more: SessionOptions = {}): Promise<Session> {
  const session = await startSession({ config, ...more });
  onTestFinished(async () => {
    await session.verify().catch((error: Error) => {
      const findings = error.message.split('\n').filter((line) => !/app\.\S+ is in no registry/.test(line));
      if (findings.length > 1) throw error;
    });
  });
  return session;
}

/** A program that notes the responses that its hook gets. */
async function startNoting(config: OpenAIInstrumentationConfig = {}) {
  const responses: HookResponse[] = [];
  const session = await start({ responseHook: (_, response) => responses.push(response), ...config });
  return { ...session, responses };
}

describe("every hook gets the call in the program's own terms", () => {
  test('the request before it is sent, the response before the span ends', async () => {
    const spans: Span[] = [];
    const requests: HookRequest[] = [];
    const responses: HookResponse[] = [];
    const hooks: Hooks = {
      requestHook(span, request) {
        expect(span.isRecording()).toBe(true);
        expect(responses).toEqual([]);
        spans.push(span);
        requests.push(request);
      },
      responseHook(span, response) {
        expect(span.isRecording()).toBe(true);
        responses.push(response);
      },
    };
    const session = await start(hooks);
    const { id } = await session.client.chat.completions.create(CHAT);
    const sent = {
      operation: 'chat',
      method: 'POST',
      path: '/chat/completions',
      route: '/chat/completions',
      streamed: false,
    };
    expect(requests).toEqual([{ ...sent, body: CHAT, query: undefined }]);
    expect(responses).toEqual([
      {
        request: sent,
        status: 200,
        header: expect.any(Function),
        result: expect.objectContaining({ id }),
        error: undefined,
      },
    ]);
    expect(responses[0]?.header('x-request-id')).toMatch(/^req_/);
    expect(spans).toEqual(session.spans);
  });

  test('the route and the path, and no operation for other endpoints', async () => {
    const requests: HookRequest[] = [];
    const session = await start({ requestHook: (_, request) => requests.push(request) });
    await session.client.files.list({ limit: 3 });
    const thread = await session.client.beta.threads.create();
    await session.client.beta.threads.retrieve(thread.id);
    expect(requests.map(({ operation, path, route, query }) => ({ operation, path, route, query }))).toEqual([
      { operation: undefined, path: '/files', route: '/files', query: { limit: 3 } },
      { operation: undefined, path: '/threads', route: '/threads', query: undefined },
      {
        operation: undefined,
        path: `/threads/${thread.id}`,
        route: '/threads/{thread_id}',
        query: undefined,
      },
    ]);
  });

  test("a stream's response at its end, accumulated, and no text of it without consent", async () => {
    const { client, responses } = await startNoting({ events: { sink: () => undefined } });
    let text = '';
    for await (const { choices } of await client.chat.completions.create({ ...CHAT, stream: true })) {
      expect(responses).toEqual([]);
      text += choices[0]?.delta.content ?? '';
    }
    expect(responses).toMatchObject([
      { request: { streamed: true }, result: { choices: [{ finish_reason: 'stop' }] } },
    ]);
    expect(text).not.toBe('');
    expect(JSON.stringify(responses[0]?.result)).not.toContain(text.slice(0, 8));
  });

  test('the error of a failed call', async () => {
    const { client, responses } = await startNoting();
    const missing = client.chat.completions.create({ ...CHAT, messages: undefined as never });
    const error = await missing.catch((thrown: unknown) => thrown);
    expect(responses).toMatchObject([{ status: 400, result: undefined }]);
    expect(responses[0]?.error).toBe(error);
    expect(responses[0]?.header('x-request-id')).toMatch(/^req_/);
  });

  test('the call that creates a run, but not its polls, which have no span', async () => {
    const seen: string[] = [];
    const session = await start({
      startSpanHook: ({ operation }) => ({ 'app.operation': operation ?? 'none' }),
      requestHook: (_, { operation, route }) => seen.push(`request ${operation} ${route}`),
      responseHook: (_, { request }) => seen.push(`response ${request.operation} ${request.route}`),
    });
    const { client } = session;
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
    const thread = await client.beta.threads.create();
    seen.length = 0;
    await client.beta.threads.runs.createAndPoll(
      thread.id,
      { assistant_id: assistant.id },
      { pollIntervalMs: 1 },
    );
    expect(seen).toEqual([
      'request invoke_agent /threads/{thread_id}/runs',
      'response invoke_agent /threads/{thread_id}/runs',
    ]);
    await session.provider.forceFlush();
    const run = session.spans.find(({ name }) => name.startsWith('invoke_agent'));
    expect(run?.attributes['app.operation']).toBe('invoke_agent');
  });
});

test('startSpanHook returns attributes that samplers see', async () => {
  const sampled: (Attributes | undefined)[] = [];
  const sampler: Sampler = {
    shouldSample: (_context, _traceId, _name, _kind, attributes) => {
      sampled.push(attributes);
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    },
    toString: () => 'all',
  };
  const hooks: Hooks = { startSpanHook: (request) => ({ 'app.team': String(request.path) }) };
  const session = await start(hooks, { sampler });
  await session.client.chat.completions.create(CHAT);
  expect(sampled).toEqual([expect.objectContaining({ 'app.team': '/chat/completions' })]);
});

test('what startSpanHook returns and no attribute can have is left out: the metrics of the program would be lost', async () => {
  const given = { 'server.port': 1n, 'app.list': ['a', {}], 'app.team': 'red' };
  const session = await start({ startSpanHook: () => given as unknown as Attributes });
  await session.client.chat.completions.create(CHAT);
  assertSpanTree(session.spans, 'chat gpt-4o-mini  app.team=red');
  expect(session.spans[0]?.attributes).not.toHaveProperty(['app.list']);
  expect((await session.metrics()).length).toBeGreaterThan(0);
});

test('attributes that responseHook sets override others', async () => {
  const session = await start({
    responseHook: (span) => span.setAttribute('gen_ai.response.model', 'hidden'),
  });
  await session.client.chat.completions.create(CHAT);
  assertSpanTree(session.spans, 'chat gpt-4o-mini  gen_ai.response.model=hidden');
});

test('an ignored call has no span and no metrics', async () => {
  const session = await start({
    ignoreRequestHook: ({ body }) => (body as { user?: string }).user === 'probe',
  });
  await session.client.chat.completions.create({ ...CHAT, user: 'probe' });
  expect(session.spans).toEqual([]);
  expect(await session.metrics()).toEqual([]);
  await session.client.chat.completions.create(CHAT);
  expect(session.spans.map(({ name }) => name)).toEqual(['chat gpt-4o-mini']);
});

describe('a hook', () => {
  const fail = (): never => {
    throw new Error('the secret of a hook');
  };
  test.each<[string, Hooks]>([
    ['throws: ignoreRequestHook', { ignoreRequestHook: fail }],
    ['throws: startSpanHook', { startSpanHook: fail }],
    ['throws: responseHook', { responseHook: fail }],
    ['rejects: requestHook', { requestHook: async () => fail() }],
  ])('is reported once, without its text, and affects nothing if it %s', async (_, hooks) => {
    const session = await start(hooks);
    for (let made = 0; made < 2; made++) await session.client.chat.completions.create(CHAT);
    expect(session.spans.map(({ name }) => name)).toEqual(['chat gpt-4o-mini', 'chat gpt-4o-mini']);
    const warnings = session.warnings.splice(0);
    expect(warnings).toEqual([expect.stringContaining(`${Object.keys(hooks)[0]} failed`)]);
    expect(warnings.join()).not.toContain('secret');
  });

  test.each<[keyof Hooks, unknown]>([
    ['ignoreRequestHook', true],
    ['startSpanHook', { 'app.late': true }],
  ])(
    'that returns a promise instead of a result has no effect, and is reported once: %s',
    async (name, value) => {
      const session = await start({ [name]: async () => value });
      await session.client.chat.completions.create(CHAT);
      await session.client.chat.completions.create(CHAT);
      expect(session.spans.map(({ attributes }) => attributes['app.late'])).toEqual([undefined, undefined]);
      expect(session.warnings.splice(0)).toEqual([
        `opentelemetry-instrumentation-openai: option ${name} returns a promise, which has no effect. It must return its result. Correct or remove it.`,
      ]);
    },
  );
});

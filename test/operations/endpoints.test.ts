import { AzureOpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import routes from '../fixtures/openai-routes.json' with { type: 'json' };
import { type Session, startSession } from '../support/session.ts';
import { STREAMED } from './recorded.ts';

let session: Session;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.verify());

function names(): string[] {
  return session.spans.map(({ name }) => name);
}

/** The attributes that say what the one call was for. */
function attributes(): Record<string, unknown> {
  expect(session.spans).toHaveLength(1);
  const { 'server.port': _, 'server.address': __, ...rest } = session.spans[0]?.attributes ?? {};
  return rest;
}

type Method = 'get' | 'post' | 'delete';

/** Every endpoint once, whatever resource it is called through. */
const ENDPOINTS = [
  ...new Map(routes.map((row) => [`${row.method} ${row.path.replace(/\?.*/, '')}`, row])).entries(),
];

/** Those with a name of their own; all others are named by method and path. */
const NAMED: Readonly<Record<string, string>> = {
  'POST /chat/completions': 'chat gpt-4o-mini',
  'POST /responses': 'chat gpt-4o-mini',
  'GET /responses/{response_id}': 'fetch_response',
  'POST /completions': 'text_completion gpt-4o-mini',
  'POST /embeddings': 'embeddings gpt-4o-mini',
  'POST /vector_stores/{vector_store_id}/search': 'retrieval vector_store_id-0Ab9',
  'POST /images/edits': 'generate_content gpt-4o-mini',
  'POST /images/generations': 'generate_content gpt-4o-mini',
  'POST /images/variations': 'generate_content gpt-4o-mini',
  'POST /audio/speech': 'text_to_speech gpt-4o-mini',
  'POST /audio/transcriptions': 'speech_to_text gpt-4o-mini',
  'POST /audio/translations': 'speech_to_text gpt-4o-mini',
  'POST /decisions': 'decide gpt-4o-mini',
  'POST /moderations': 'moderation gpt-4o-mini',
  'POST /responses/compact': 'compaction gpt-4o-mini',
  'POST /assistants': 'create_agent Math Tutor',
  'POST /agents': 'create_agent Math Tutor',
  'POST /agents/sessions': 'invoke_agent',
  'POST /threads/runs': 'invoke_agent',
  'POST /threads/{thread_id}/runs': 'invoke_agent',
};

/** Answers that say no more than they have to; a model's calls get the simulator's own, which say all they can. */
const THING = { id: 'id_1', object: 'thing', data: [] };
const ANSWERS: Readonly<Record<string, object>> = {
  'POST /chat/completions': {},
  'POST /embeddings': {},
  // The id is the path's.
  'GET /responses/{response_id}': {
    body: { object: 'response', status: 'completed', model: 'gpt-4o', output: [] },
  },
  'POST /responses': {},
  'POST /vector_stores/{vector_store_id}/search': {},
  'POST /completions': {},
};

const SESSION = { id: 'sess_1', object: 'agent.session', status: 'idle' };
const RUN = { object: 'thread.run', status: 'completed', assistant_id: 'asst_1' };
const STEP = { object: 'thread.run.step', type: 'tool_calls', status: 'failed' };
const STATUS = 'openai.resource.status';

describe('every endpoint of the openai package', () => {
  test.each(ENDPOINTS)('%s is one span, with its ids, status and request id', async (endpoint, row) => {
    const path = row.path.replace(/\{(\w+)\}/g, '$1-0Ab9');
    const { route, values } = matchRoute(row.method, path);
    // The simulator asks for an assistant, for messages, for input and for a query where the API does.
    const body = {
      model: 'gpt-4o-mini',
      name: 'Math Tutor',
      assistant_id: 'asst_1',
      messages: [{ role: 'user', content: 'Hello' }],
      input: 'Hello',
      query: 'Hello',
    };
    session.simulator.next(ANSWERS[route.endpoint] ?? { body: THING });
    const method = row.method.toLowerCase() as Method;
    await session.client.request({ method, path, ...(method === 'post' ? { body } : {}) });
    // A run or a turn continues until its end is seen: here the end of tracing.
    if (NAMED[endpoint] === 'invoke_agent') await session.provider.shutdown();
    const own = session.spans.filter(({ name }) => name !== 'thread' && name !== 'session');
    expect(own.map(({ name }) => name)).toEqual([NAMED[endpoint] ?? endpoint]);
    const [span] = own;
    const ids = route.parameters.flatMap(({ attribute }, index) =>
      attribute === undefined ? [] : [[attribute, values[index]]],
    );
    expect(span?.attributes).toMatchObject(Object.fromEntries(ids));
    expect(span?.attributes['openai.request.id']).toMatch(/^req_/);
    expect(span?.attributes).not.toHaveProperty(['http.response.status_code']);
  });
});

describe('a request without a model operation', () => {
  test('is named by its method and path, without ids', async () => {
    await session.client.files.retrieve('file-0Ab9');
    expect(names()).toEqual(['GET /files/{file_id}']);
    expect(attributes()).toEqual({
      'gen_ai.provider.name': 'openai',
      'http.request.method': 'GET',
      'openai.file.id': 'file-0Ab9',
      'openai.request.id': 'req_00000000000000000000000000000001',
      'openai.resource.status': 'completed',
      'url.template': '/files/{file_id}',
    });
  });

  test.each<[path: string, api: string | undefined, conversation: string | undefined]>([
    ['/chat/completions/chatcmpl_1', 'chat_completions', undefined],
    ['/responses/resp_1/input_items', 'responses', undefined],
    ['/threads/thread_1/messages', 'assistants', 'thread_1'],
    ['/agents/sessions/sess_1/items', 'agents', 'sess_1'],
    ['/conversations/conv_1/items', 'responses', 'conv_1'],
    ['/realtime/sessions/sess_1', 'realtime', undefined],
    ['/live/sessions/live_1/content', 'live', 'live_1'],
    ['/chatkit/sessions/cksess_1', undefined, undefined],
    ['/models/gpt-4o', undefined, undefined],
  ])('to %s names its API and its conversation: %s, %s', async (path, api, conversation) => {
    session.simulator.next({ body: THING });
    await session.client.get(path);
    const { 'openai.api.type': named, 'gen_ai.conversation.id': id } = attributes();
    expect([named, id]).toEqual([api, conversation]);
  });

  test.each<[request: string, answer: object, name: string, value: string | undefined]>([
    ['POST /vector_stores', { id: 'vs_1', name: 'secret' }, 'openai.vector_store.id', 'vs_1'],
    ['POST /vector_stores', { id: 'vs_1' }, 'gen_ai.conversation.id', undefined],
    ['POST /skills/skill_1/versions', { id: 'skillver_1', version: '3' }, 'openai.version.id', '3'],
    ['POST /skills/skill_1/versions', { id: 'skillver_1' }, 'openai.version.id', undefined],
    ['POST /agents/sessions', SESSION, 'openai.session.id', 'sess_1'],
    ['POST /agents/sessions', SESSION, 'gen_ai.conversation.id', 'sess_1'],
    ['GET /threads/t/runs/r', RUN, 'openai.run.status', 'completed'],
    ['GET /threads/t/runs/r', RUN, 'openai.assistant.id', 'asst_1'],
    ['GET /threads/t/runs/r/steps/s', STEP, 'openai.step.type', 'tool_calls'],
    ['GET /threads/t/runs/r/steps/s', STEP, 'openai.step.status', 'failed'],
    ['GET /brand', { object: 'job', status: 'validating_files' }, STATUS, 'validating_files'],
    ['GET /brand', { object: 'response', status: 'failed' }, STATUS, undefined],
    ['GET /brand', { object: 'thread.run', status: 'failed' }, STATUS, undefined],
    ['GET /brand', { status: { type: 'active' } }, STATUS, undefined],
    ['GET /brand', { status: 'Dear John' }, STATUS, undefined],
  ])('%s that is answered by %j has %s=%s', async (request, answer, name, value) => {
    const [method, path] = request.toLowerCase().split(' ') as ['get' | 'post', string];
    session.simulator.next({ body: answer });
    await session.client.request({ method, path, ...(method === 'post' && { body: {} }) });
    expect(attributes()[name]).toBe(value);
    // Where it runs, the failure of a run, a step or a response is recorded.
    expect(session.spans[0]?.status.code).toBe(0);
    expect(JSON.stringify(attributes())).not.toMatch(/secret|John|0Ab9/);
  });

  test('has the last status that a poll helper saw', async () => {
    for (const status of ['in_progress', 'in_progress', 'failed'])
      session.simulator.next({ body: { id: 'file_1', object: 'vector_store.file', status } });
    await session.client.vectorStores.files.poll('vs_1', 'file_1', { pollIntervalMs: 1 });
    expect(attributes()).toMatchObject({ 'openai.poll.count': 3, 'openai.resource.status': 'failed' });
  });

  test('is named even if its path is unknown', async () => {
    await session.client.post('/brand/new/endpoint', { body: { secret: 'secret' } });
    await session.client.get('/brand/0Ab9/endpoint?secret=1');
    expect(names()).toEqual(['POST /brand/{id}/endpoint', 'GET /brand/{id}/endpoint']);
    expect(JSON.stringify(session.spans.map((span) => span.attributes))).not.toContain('secret');
  });
});

describe('answers of every kind', () => {
  test('a stream of any endpoint has its times', async () => {
    session.simulator.next({ sse: [{ data: { a: 1 } }, { data: { a: 2 } }] });
    const stream = await session.client.post('/brand/new', { body: { stream: true }, stream: true });
    await Array.fromAsync(stream as AsyncIterable<unknown>);
    expect(attributes()).toMatchObject({ 'openai.stream.chunk_count': 2, ...STREAMED });
  });

  test('an answer may have no content', async () => {
    session.simulator.next({ status: 204, body: '' });
    await session.client.delete('/brand/new/thing');
    expect(attributes()).toMatchObject({ 'http.response.status_code': 204 });
  });
});

describe('the target of a call', () => {
  describe.each([
    ['the option of an Azure client', '/openai', 'mine', false],
    ['its base URL, which comes first', '/openai/deployments/in-url', 'mine', true],
  ])('is the deployment of %s', (_, path, deployment, everywhere) => {
    test.each<[string, (client: AzureOpenAI) => Promise<unknown>, string]>([
      ['chat', (client) => client.chat.completions.create({ model: 'other', messages: [] }), 'deployment'],
      ['embeddings', (client) => client.embeddings.create({ model: 'other', input: 'Hello' }), 'deployment'],
      ['an image', (client) => client.images.generate({ model: 'other', prompt: 'A cat' }), 'deployment'],
      ['a response', (client) => client.responses.create({ model: 'other', input: 'Hello' }), 'model'],
      ['a moderation', (client) => client.moderations.create({ model: 'other', input: 'Hello' }), 'model'],
      ['compaction', (client) => client.responses.compact({ model: 'gpt-5', input: 'Hello' }), 'model'],
    ])('for %s', async (__, ask, names) => {
      const baseURL = session.simulator.url.replace('/v1', path);
      const options = { apiKey: 'secret', baseURL, deployment, apiVersion: '2024-10-21' };
      await ask(instrumentOpenAI(new AzureOpenAI(options), {}));
      const [sent] = session.simulator.requests;
      const inPath = /\/deployments\/([^/]+)/.exec(sent?.path ?? '')?.[1];
      expect(inPath).toBe(everywhere ? 'in-url' : names === 'deployment' ? 'mine' : undefined);
      const own = (sent?.body as { model: string } | undefined)?.model;
      expect(attributes()).toMatchObject({
        'gen_ai.provider.name': 'azure.ai.openai',
        'gen_ai.request.model': inPath ?? own,
      });
    });
  });
});

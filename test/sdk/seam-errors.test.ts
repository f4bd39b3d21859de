import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import type { Answer } from '../support/simulator/index.ts';
import { HELLO, useSession } from '../support/use-session.ts';

const session = useSession();

type Program = (client: OpenAI) => Promise<unknown>;

const complete: Program = (client) => client.chat.completions.create(HELLO);
const stream: Program = async (client) =>
  Array.fromAsync(await client.chat.completions.create({ ...HELLO, stream: true }));

/** Runs a program with this answer. That it fails as without instrumentation, `test/transparency` shows. */
async function fails(program: Program, answer?: Answer): Promise<void> {
  if (answer !== undefined) session().simulator.next(answer);
  await expect(program(session().client)).rejects.toThrow();
}

test.each([
  [400, 'BadRequestError'],
  [401, 'AuthenticationError'],
  [403, 'PermissionDeniedError'],
  [404, 'NotFoundError'],
  [409, 'ConflictError'],
  [422, 'UnprocessableEntityError'],
  [429, 'RateLimitError'],
  [500, 'InternalServerError'],
  [503, 'InternalServerError'],
  [418, '418'],
])('a call that fails with status %i is named by its class or its status', async (status, errorType) => {
  await fails(complete, { status });
  assertSpanTree(session().spans, `chat gpt-4o  !${errorType} http.response.status_code=${status}`);
  const [span] = session().spans;
  expect(span?.status).toEqual({ code: 2 });
  expect(span?.events).toEqual([]);
  expect(span?.attributes['openai.request.id']).toMatch(/^req_/);
});

/** Aborts a call in progress. */
const abort: Program = (client) => {
  const controller = new AbortController();
  const answer = client.chat.completions.create(HELLO, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  return answer;
};
const SLOW = { delayMs: 5_000 };
const JSON_TYPE = { 'content-type': 'application/json' };
const CODE = {
  message: 'The model `secret` does not exist',
  code: 'model_not_found',
  type: 'x',
  param: null,
};
const CHUNK = {
  data: { id: 'chatcmpl-1', model: 'gpt-4o', choices: [{ index: 0, delta: { content: 'Hi' } }] },
};
const BROKEN = { data: { error: { message: 'secret', code: 'server_error' } } };

test.each<[string, Program, Answer | undefined, string]>([
  [
    'with an error code of the API, which names it',
    complete,
    { status: 404, body: { error: CODE } },
    '!model_not_found http.response.status_code=404',
  ],
  [
    'because the connection is refused',
    (client) => complete(client.withOptions({ baseURL: 'http://127.0.0.1:9/v1' })),
    undefined,
    '!APIConnectionError server.port=9',
  ],
  [
    'because the connection breaks before the headers',
    complete,
    { break: 'before-headers' },
    '!APIConnectionError',
  ],
  ['because the connection breaks within the body', complete, { break: 'mid-body' }, '!TypeError'],
  ['because the response is not JSON', complete, { headers: JSON_TYPE, body: '{"secret' }, '!SyntaxError'],
  [
    'because of a timeout',
    (client) => client.chat.completions.create(HELLO, { timeout: 20 }),
    SLOW,
    '!APIConnectionTimeoutError',
  ],
  [
    'because the program aborted it before it began',
    (client) => client.chat.completions.create(HELLO, { signal: AbortSignal.abort() }),
    undefined,
    '!APIUserAbortError',
  ],
  ['because the program aborted it in progress', abort, SLOW, '!APIUserAbortError'],
  [
    'because the SDK rejects its options',
    (client) => client.chat.completions.create(HELLO, { timeout: -1 }),
    undefined,
    '!OpenAIError',
  ],
  [
    'by an error event of its stream',
    stream,
    { sse: [CHUNK, BROKEN, 'done'] },
    '!server_error openai.stream.end=error openai.stream.chunk_count=1',
  ],
  [
    'by an event of its stream that is not JSON',
    stream,
    { sse: [CHUNK, { data: '{"secret' }, 'done'] },
    '!SyntaxError openai.stream.end=error gen_ai.response.id=chatcmpl-1',
  ],
  [
    'because the connection breaks within its stream',
    stream,
    { sse: [CHUNK, CHUNK, CHUNK, CHUNK], break: 'mid-body' },
    '!TypeError openai.stream.end=error openai.stream.chunk_count=2',
  ],
  ['before its stream begins', stream, { status: 429 }, '!RateLimitError gen_ai.request.stream=true'],
])('a call fails %s', async (_, program, answer, expected) => {
  await fails(program, answer);
  assertSpanTree(session().spans, `chat gpt-4o  ${expected}`);
  expect(JSON.stringify(session().spans[0]?.attributes)).not.toContain('secret');
});

test('a call fails because a hook of the program throws any value', async () => {
  class Client extends OpenAI {
    protected override async prepareOptions(): Promise<void> {
      throw undefined;
    }
  }
  const client = new Client({ apiKey: 'k', baseURL: session().simulator.url });
  await expect(complete(instrumentOpenAI(client, {}))).rejects.toBeUndefined();
  assertSpanTree(session().spans, 'chat gpt-4o  !_OTHER');
});

test('a retried call that is aborted ends during the delay before the next attempt', async () => {
  session().simulator.next({ status: 500, headers: { 'retry-after': '30' } });
  const retrying = session().client.withOptions({ maxRetries: 1 });
  await expect(abort(retrying)).rejects.toThrow(OpenAI.APIUserAbortError);
  assertSpanTree(session().spans, 'chat gpt-4o  !APIUserAbortError');
});

describe('a stream that the program aborts before its first byte has ended, and has not failed', () => {
  const signal = (): AbortSignal => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('secret')), 50);
    return controller.signal;
  };
  const STREAM = { ...HELLO, stream: true as const };
  const INPUT = { model: 'gpt-4o', input: 'Hello', stream: true as const };

  test.each<[string, answer: Answer | undefined, Program]>([
    [
      'before it began',
      undefined,
      ({ chat }) => chat.completions.create(STREAM, { signal: AbortSignal.abort() }),
    ],
    ['before its headers', SLOW, ({ chat }) => chat.completions.create(STREAM, { signal: signal() })],
    [
      'before the headers of a response',
      SLOW,
      ({ responses }) => responses.create(INPUT, { signal: signal() }),
    ],
    [
      'between two attempts',
      { status: 500, headers: { 'retry-after': '30' } },
      (client) => client.withOptions({ maxRetries: 1 }).chat.completions.create(STREAM, { signal: signal() }),
    ],
    [
      'by the helper for streams',
      SLOW,
      async ({ chat }) => {
        const helper = chat.completions.stream(STREAM);
        setTimeout(() => helper.abort(), 50);
        await helper.done();
      },
    ],
  ])('%s', async (_, answer, program) => {
    if (answer !== undefined) session().simulator.next(answer);
    await expect(program(session().client)).rejects.toThrow(OpenAI.APIUserAbortError);
    const span = session().spans.find(({ name }) => name === 'chat gpt-4o');
    expect(span?.status).toEqual({ code: 0 });
    expect(span?.attributes).toMatchObject({
      'openai.stream.end': 'aborted',
      'openai.stream.chunk_count': 0,
    });
    expect(span?.attributes).not.toHaveProperty(['error.type']);
  });

  test('or while it is read, with a reason', async () => {
    session().simulator.next({ sse: [CHUNK, CHUNK, 'done'], eventDelayMs: 200 });
    const opened = await session().client.chat.completions.create(STREAM);
    const reading = Array.fromAsync(opened);
    setTimeout(() => opened.controller.abort(new Error('secret')), 50);
    await reading.catch(() => undefined);
    const [span] = session().spans;
    expect(span?.status).toEqual({ code: 0 });
    expect(span?.attributes).toMatchObject({ 'openai.stream.end': 'aborted' });
  });

  test('unless the server had rejected it', async () => {
    const controller = new AbortController();
    session().simulator.next({ status: 400, body: { error: CODE } });
    const stream = session().client.chat.completions.create(STREAM, { signal: controller.signal });
    await expect(stream).rejects.toThrow(OpenAI.BadRequestError);
    controller.abort();
    assertSpanTree(session().spans, 'chat gpt-4o  !model_not_found http.response.status_code=400');
  });
});

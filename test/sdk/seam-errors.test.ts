import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import type { Answer } from '../support/simulator/index.ts';
import { HELLO, useSession } from '../support/use-session.ts';

const session = useSession();

type Program = (client: OpenAI) => Promise<unknown>;

const complete: Program = (client) => client.chat.completions.create(HELLO);
const stream: Program = async (client) => {
  const texts: unknown[] = [];
  for await (const chunk of await client.chat.completions.create({ ...HELLO, stream: true }))
    texts.push(chunk.choices[0]?.delta.content);
  return texts;
};

/** All of an error that a program can see, but for what differs from one request to the next. */
function seen(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, cause } = error;
  const {
    headers: _,
    requestID: __,
    socket: ___,
    cause: ____,
    ...fields
  } = error as Error & Record<string, unknown>;
  return { ...fields, class: error.constructor, name, message, cause: seen(cause) };
}

/** Runs the program on the plain and on the instrumented client, each with the same answers; both throw the same. */
async function fails(program: Program, ...answers: Answer[]): Promise<unknown> {
  const errors: unknown[] = [];
  for (const client of [session().plain, session().client]) {
    for (const answer of answers) session().simulator.next(answer);
    errors.push(await program(client).then(() => 'no error', seen));
  }
  expect(errors[1]).toEqual(errors[0]);
  expect(errors[0]).toMatchObject({ class: expect.any(Function) });
  return errors[0];
}

describe('a call that fails', () => {
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
    [418, 'APIError'],
  ])('with status %i is named by the class of its error', async (status, errorType) => {
    await fails(complete, { status });
    assertSpanTree(session().spans, `chat gpt-4o  !${errorType} http.response.status_code=${status}`);
    const [span] = session().spans;
    expect(span?.status).toEqual({ code: 2 });
    expect(span?.events).toEqual([]);
    expect(span?.attributes['openai.request.id']).toMatch(/^req_/);
  });

  test('is named by the error code of the API if there is one', async () => {
    const error = {
      message: 'The model `secret` does not exist',
      code: 'model_not_found',
      type: 'x',
      param: null,
    };
    await fails(complete, { status: 404, body: { error } });
    assertSpanTree(session().spans, 'chat gpt-4o  !model_not_found http.response.status_code=404');
    expect(JSON.stringify(session().spans[0]?.attributes)).not.toContain('secret');
  });

  test('because the connection is refused', async () => {
    const address = 'http://127.0.0.1:9/v1';
    await fails((client) => complete(client.withOptions({ baseURL: address })));
    assertSpanTree(session().spans, 'chat gpt-4o  !APIConnectionError server.port=9');
  });

  test.each<[string, Answer, string]>([
    ['before the headers', { break: 'before-headers' }, '!APIConnectionError'],
    ['within the body', { break: 'mid-body' }, '!TypeError http.response.status_code=200'],
  ])('because the connection breaks %s', async (_, answer, expected) => {
    await fails(complete, answer);
    assertSpanTree(session().spans, `chat gpt-4o  ${expected}`);
  });

  test('because the response is not JSON', async () => {
    await fails(complete, { headers: { 'content-type': 'application/json' }, status: 200, body: '{"secret' });
    assertSpanTree(session().spans, 'chat gpt-4o  !SyntaxError http.response.status_code=200');
  });

  test('because of a timeout', async () => {
    await fails((client) => client.chat.completions.create(HELLO, { timeout: 20 }), { delayMs: 5_000 });
    assertSpanTree(session().spans, 'chat gpt-4o  !APIConnectionTimeoutError');
  });

  test('because the program aborted it before it began', async () => {
    await fails((client) => client.chat.completions.create(HELLO, { signal: AbortSignal.abort() }));
    assertSpanTree(session().spans, 'chat gpt-4o  !APIUserAbortError');
  });

  test('because the program aborted it in progress', async () => {
    await fails(
      (client) => {
        const controller = new AbortController();
        const answer = client.chat.completions.create(HELLO, { signal: controller.signal });
        setTimeout(() => controller.abort(), 20);
        return answer;
      },
      { delayMs: 5_000 },
    );
    assertSpanTree(session().spans, 'chat gpt-4o  !APIUserAbortError');
  });

  test('because the SDK rejects its options', async () => {
    await fails((client) => client.chat.completions.create(HELLO, { timeout: -1 }));
    assertSpanTree(session().spans, 'chat gpt-4o  !OpenAIError');
  });

  test('because a hook of the program throws any value', async () => {
    class Client extends OpenAI {
      protected override async prepareOptions(): Promise<void> {
        throw undefined;
      }
    }
    const client = new Client({ apiKey: 'k', baseURL: session().simulator.url });
    await expect(complete(instrumentOpenAI(client, {}))).rejects.toBeUndefined();
    assertSpanTree(session().spans, 'chat gpt-4o  !_OTHER');
  });
});

describe('a stream that fails', () => {
  const CHUNK = {
    data: { id: 'chatcmpl-1', model: 'gpt-4o', choices: [{ index: 0, delta: { content: 'Hi' } }] },
  };

  test('by an error event', async () => {
    await fails(stream, {
      sse: [CHUNK, { data: { error: { message: 'secret', code: 'server_error' } } }, 'done'],
    });
    assertSpanTree(
      session().spans,
      'chat gpt-4o  !server_error openai.stream.end=error openai.stream.chunk_count=1 http.response.status_code=200',
    );
  });

  test('by an event that is not JSON', async () => {
    await fails(stream, { sse: [CHUNK, { data: '{"secret' }, 'done'] });
    assertSpanTree(
      session().spans,
      'chat gpt-4o  !SyntaxError openai.stream.end=error gen_ai.response.id=chatcmpl-1',
    );
  });

  test('by a broken connection', async () => {
    await fails(stream, { sse: [CHUNK, CHUNK, CHUNK, CHUNK], break: 'mid-body' });
    assertSpanTree(
      session().spans,
      'chat gpt-4o  !TypeError openai.stream.end=error openai.stream.chunk_count=2',
    );
  });

  test('before it begins', async () => {
    await fails(stream, { status: 429 });
    assertSpanTree(session().spans, 'chat gpt-4o  !RateLimitError gen_ai.request.stream=true');
  });
});

describe('a retried call', () => {
  const NOW = { headers: { 'retry-after-ms': '1' } };
  const retrying = (client: OpenAI): Promise<unknown> => complete(client.withOptions({ maxRetries: 2 }));

  test('is one span with its attempts below, and the result of the last one', async () => {
    for (const status of [500, 429]) session().simulator.next({ status, ...NOW });
    await retrying(session().client);
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   http.request.resend_count=2 http.response.status_code=200
      ├─ attempt    !500 http.response.status_code=500
      ├─ attempt    !429 http.response.status_code=429 http.request.resend_count=1 openai.retry.delay=delay
      └─ attempt    http.response.status_code=200 http.request.resend_count=2 openai.retry.delay=delay
      `,
      { normalize: (value, name) => (name === 'openai.retry.delay' && Number(value) > 0 ? 'delay' : value) },
    );
    expect(session().spans.at(-1)?.attributes['openai.request.id']).toMatch(/3$/);
  });

  test('has no attempt spans if the first attempt succeeds', async () => {
    await retrying(session().client);
    assertSpanTree(session().spans, 'chat gpt-4o  http.response.status_code=200');
  });

  test('fails with the error of the last attempt', async () => {
    await fails(retrying, { status: 500, ...NOW }, { status: 500, ...NOW }, { status: 503, ...NOW });
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   !InternalServerError http.response.status_code=503
      ├─ attempt    !500 http.response.status_code=500
      ├─ attempt    !500 http.response.status_code=500
      └─ attempt    !503 http.response.status_code=503
      `,
    );
  });

  test('has attempt spans for attempts without a response', async () => {
    session().simulator.next({ break: 'before-headers' });
    await retrying(session().client);
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   http.response.status_code=200
      ├─ attempt    !TypeError
      └─ attempt    http.response.status_code=200
      `,
    );
  });

  test('is retried after a timeout of the body', async () => {
    const chunks = Array.from({ length: 100 }, () => ({ data: 'x' }));
    session().simulator.next({
      sse: chunks,
      eventDelayMs: 100,
      headers: { 'content-type': 'application/json' },
    });
    await session().client.chat.completions.create(HELLO, { timeout: 1_000, maxRetries: 1 });
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   http.response.status_code=200 openai.request.id=req_00000000000000000000000000000002
      ├─ attempt    !APIConnectionTimeoutError http.response.status_code=200 openai.request.id=req_00000000000000000000000000000001
      └─ attempt    http.response.status_code=200 openai.request.id=req_00000000000000000000000000000002
      `,
    );
  });

  test('is retried if a stream does not start', async () => {
    session().simulator.next({ status: 500, ...NOW });
    await stream(session().client.withOptions({ maxRetries: 1 }));
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   openai.stream.end=completed
      ├─ attempt    !500
      └─ attempt
      `,
    );
  });

  test('that is aborted ends during the delay before the next attempt', async () => {
    const controller = new AbortController();
    session().simulator.next({ status: 500, headers: { 'retry-after': '30' } });
    const answer = session().client.chat.completions.create(HELLO, {
      signal: controller.signal,
      maxRetries: 1,
    });
    setTimeout(() => controller.abort(), 50);
    await expect(answer).rejects.toThrow(OpenAI.APIUserAbortError);
    assertSpanTree(session().spans, 'chat gpt-4o  !APIUserAbortError');
  });
});

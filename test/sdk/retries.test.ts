import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { millisecondsOf } from '../support/times.ts';
import { startTutor } from '../support/tutor.ts';
import { HELLO, SLOW_BODY, useSession } from '../support/use-session.ts';

const session = useSession({ client: { maxRetries: 2 } });

const SOON = { 'retry-after-ms': '1' };
const REQUEST = { method: 'post', path: '/chat/completions', maxRetries: 1 } as const;

function complete(): Promise<unknown> {
  return session().client.chat.completions.create(HELLO);
}

function attempts(): Record<string, unknown>[] {
  return session()
    .spans.filter(({ name }) => name === 'attempt')
    .map(({ attributes }) => attributes);
}

function times(name: string): [start: number, end: number][] {
  return session()
    .spans.filter((span) => span.name === name)
    .map(({ startTime, endTime }) => [millisecondsOf(startTime), millisecondsOf(endTime)]);
}

describe('the delay before an attempt', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['the milliseconds of the API', { 'retry-after-ms': '5' }, 'retry-after-ms'],
    ['the seconds of the API', { 'retry-after': '0.005' }, 'retry-after'],
    [
      'the milliseconds, if both headers are present',
      { 'retry-after-ms': '5', 'retry-after': '9' },
      'retry-after-ms',
    ],
    [
      'the seconds, if the milliseconds are invalid',
      { 'retry-after-ms': 'soon', 'retry-after': '0.005' },
      'retry-after',
    ],
    ['chosen by the client without a header', {}, undefined],
    ['chosen by the client if the header is too long', { 'retry-after': '61' }, undefined],
    ['chosen by the client if the delay is negative', { 'retry-after-ms': '-1' }, undefined],
  ])('is %s', async (_, headers, header) => {
    session().simulator.next({ status: 500, headers });
    await complete();
    const [first, second] = attempts();
    expect(first).not.toHaveProperty('openai.retry.delay');
    expect(second?.['openai.retry.delay']).toBeGreaterThan(header === undefined ? 0.3 : 0.004);
    expect(second?.['openai.retry.delay_header']).toBe(header);
  });

  test('is the time between the attempts', async () => {
    session().simulator.next({ status: 500, headers: { 'retry-after-ms': '20' } });
    await complete();
    const [[, firstEnd] = [0, 0], [secondStart, secondEnd] = [0, 0]] = times('attempt');
    const delay = Number(attempts()[1]?.['openai.retry.delay']);
    expect(secondStart - firstEnd).toBeCloseTo(delay * 1e3, 2);
    expect(secondEnd).toBe(times('chat gpt-4o')[0]?.[1]);
  });
});

describe('an attempt', () => {
  test('has status and request id of its response, and its call those of the last one', async () => {
    for (const status of [500, 429]) session().simulator.next({ status, headers: SOON });
    await complete();
    const id = 'openai.request.id=req_0000000000000000000000000000000';
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   http.request.resend_count=2 ${id}3
      ├─ attempt    !500 http.response.status_code=500 ${id}1
      ├─ attempt    !429 http.response.status_code=429 http.request.resend_count=1 ${id}2
      └─ attempt    http.request.resend_count=2 ${id}3
      `,
    );
  });

  test('has no span if it succeeds and is the first', async () => {
    await complete();
    assertSpanTree(session().spans, 'chat gpt-4o ');
  });

  test('without a response has an error', async () => {
    session().simulator.next({ break: 'before-headers' });
    await complete();
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o  
      ├─ attempt    !TypeError
      └─ attempt   
      `,
    );
  });

  test('has the retry headers of its response', async () => {
    session().simulator.next({ status: 400, headers: { 'x-should-retry': 'true', ...SOON } });
    session().simulator.next({ status: 500, headers: { 'x-should-retry': 'false' } });
    await expect(complete()).rejects.toMatchObject({ status: 500 });
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   !InternalServerError
      ├─ attempt    !400 openai.retry.should_retry=true
      └─ attempt    !500 openai.retry.should_retry=false
      `,
    );
  });

  test('whose response is interrupted fails like its call', async () => {
    session().simulator.next({ status: 500, headers: SOON });
    session().simulator.next({
      sse: [{ data: { choices: [] } }, { data: { error: { code: 'overloaded' } } }],
    });
    const stream = await session().client.chat.completions.create({ ...HELLO, stream: true });
    await expect(Array.fromAsync(stream)).rejects.toThrow();
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   !overloaded openai.stream.end=error
      ├─ attempt    !500 http.response.status_code=500
      └─ attempt    !overloaded
      `,
    );
  });

  test('whose body timed out lasts until the timeout', async () => {
    session().simulator.next(SLOW_BODY);
    await session().client.chat.completions.create(HELLO, { timeout: 1_000, maxRetries: 1 });
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   http.request.resend_count=1
      ├─ attempt    !APIConnectionTimeoutError
      └─ attempt    http.request.resend_count=1
      `,
    );
    const [[start, end] = [0, 0]] = times('attempt');
    expect(end - start).toBeGreaterThan(900);
    expect(attempts()[1]?.['openai.retry.delay']).toBeGreaterThan(0.3);
  });

  test('belongs to its own call if another one with the same options object is still read', async () => {
    const options = { ...REQUEST, body: { ...HELLO, stream: true }, stream: true };
    const { client, simulator } = session();
    const first = await client.request<AsyncIterable<unknown>>(options);
    simulator.next({ status: 500, headers: SOON });
    await Array.fromAsync(await client.request<AsyncIterable<unknown>>(options));
    await Array.fromAsync(first);
    assertSpanTree(
      session().spans,
      `
      chat gpt-4o   openai.stream.end=completed

      chat gpt-4o   openai.stream.end=completed http.request.resend_count=1
      ├─ attempt    !500
      └─ attempt    http.request.resend_count=1
      `,
    );
  });

  test('in a thread or run has the ids of these', async () => {
    const tutor = await startTutor({ runs: [{}], client: { maxRetries: 2 } });
    const { simulator, threadId, assistantId } = tutor;
    simulator.next({ status: 500, headers: SOON, when: { path: `/threads/${threadId}/messages` } });
    await tutor.say();
    simulator.next({ status: 500, headers: SOON, when: { method: 'GET', path: /\/runs\/run_/ } });
    await tutor.run();
    const [message, , poll] = (await tutor.flushed('attempt')).map(({ attributes }) => attributes);
    const ids = { 'openai.thread.id': threadId, 'gen_ai.conversation.id': threadId };
    expect(message).toMatchObject(ids);
    expect(message).not.toHaveProperty('openai.run.id');
    expect(poll).toMatchObject({
      ...ids,
      'gen_ai.agent.name': 'Math Tutor',
      'openai.assistant.id': assistantId,
    });
    expect(poll).toHaveProperty('openai.run.id');
  });

  test('of a folded request is below the run, and its event counts the retries', async () => {
    const tutor = await startTutor({ runs: [{}], client: { maxRetries: 2 } });
    const { client, simulator, threadId } = tutor;
    simulator.next({
      status: 429,
      headers: SOON,
      when: { method: 'POST', path: `/threads/${threadId}/runs` },
    });
    const run = await tutor.create();
    simulator.next({ status: 500, headers: SOON, when: { path: /\/cancel$/ } });
    await client.beta.threads.runs.cancel(run.id, { thread_id: threadId });
    await tutor.poll(run.id);
    await tutor.telemetry.provider.shutdown();
    const [recorded] = tutor.ended('invoke_agent');
    const above = tutor.ended('attempt').map(({ parentSpanContext }) => parentSpanContext?.spanId);
    expect(above).toEqual(Array(4).fill(recorded?.spanContext().spanId));
    expect(recorded?.events.map(({ attributes }) => attributes)).toMatchObject([
      { 'http.request.resend_count': 1, 'url.template': '/threads/{thread_id}/runs/{run_id}/cancel' },
    ]);
  });
});

describe('the rate limits of a response', () => {
  const LIMITS = {
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': '1999500',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '1m30s',
  };
  function recorded(): Record<string, unknown> {
    const entries = Object.entries(session().spans.at(-1)?.attributes ?? {});
    return Object.fromEntries(entries.filter(([name]) => name.startsWith('openai.ratelimit.')));
  }

  const LEFT = { requests: '9999', tokens: '1999500' };
  test.each<[what: string, status: number, limit: string, left: typeof LEFT, isRecorded: boolean]>([
    ['that are far away', 200, '10000', LEFT, false],
    ['one of which was hit', 429, '10000', LEFT, true],
    ['of which a tenth is left', 200, '10000', { ...LEFT, requests: '1000' }, false],
    ['of which less than a tenth of the requests is left', 200, '10000', { ...LEFT, requests: '999' }, true],
    ['of which less than a tenth of the tokens is left', 200, '10000', { ...LEFT, tokens: '199999' }, true],
    ['of an unknown size', 200, '', { ...LEFT, requests: '12' }, false],
    ['of an unknown size of which nothing is left', 200, '', { ...LEFT, requests: '0' }, true],
    ['far away of a request that failed', 500, '10000', LEFT, false],
  ])('%s are on the span of the call: status %i, limit %j, %o left: %s', async (...given) => {
    const [, status, limit, left, isRecorded] = given;
    const headers = {
      ...LIMITS,
      'x-ratelimit-limit-requests': limit,
      'x-ratelimit-remaining-requests': left.requests,
      'x-ratelimit-remaining-tokens': left.tokens,
      'x-should-retry': 'false',
    };
    session().simulator.next({ status, headers });
    await complete().catch(() => undefined);
    const whole = {
      'openai.ratelimit.limit_requests': limit === '' ? undefined : 10000,
      'openai.ratelimit.limit_tokens': 2000000,
      'openai.ratelimit.remaining_requests': Number(left.requests),
      'openai.ratelimit.remaining_tokens': Number(left.tokens),
      'openai.ratelimit.reset_requests': '6ms',
      'openai.ratelimit.reset_tokens': '1m30s',
    };
    expect(recorded()).toEqual(isRecorded ? whole : {});
    const gauges = (await session().metrics()).filter(({ descriptor }) => /ratelimit/.test(descriptor.name));
    expect(gauges.map(({ dataPoints }) => dataPoints[0]?.value)).toContain(Number(left.tokens));
  });

  test('are those of the last attempt, also as metrics', async () => {
    session().simulator.next({ status: 429, headers: { ...LIMITS, ...SOON } });
    session().simulator.next({
      headers: { 'x-ratelimit-limit-tokens': '200', 'x-ratelimit-remaining-tokens': '12' },
    });
    await complete();
    expect(recorded()).toMatchObject({ 'openai.ratelimit.remaining_tokens': 12 });
    const gauges = (await session().metrics()).filter(({ descriptor }) => /ratelimit/.test(descriptor.name));
    expect(gauges.map(({ dataPoints }) => dataPoints[0]?.value)).toContain(12);
  });

  test('are omitted if they are invalid', async () => {
    const nonsense = { 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-remaining-tokens': 'many' };
    session().simulator.next({ headers: { ...LIMITS, ...nonsense } });
    await complete();
    expect(recorded()).toEqual({});
  });
});

import { type Context, context, propagation } from '@opentelemetry/api';
import { suppressTracing, unsuppressTracing, W3CBaggagePropagator } from '@opentelemetry/core';
import OpenAI, { type ClientOptions } from 'openai';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { instrumentOpenAI, traced, withMetadata } from '../../src/client.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { readWithClient } from '../../src/sdk/own-requests.ts';
import { codeBlocks, shownExample } from '../support/example.ts';
import { forgetObservers } from '../support/process-state.ts';
import { startTracedProgram } from './program.ts';
import { example } from './propagate-example.ts';

const ADA = { userId: 'ada', sessionId: 'chat-7' };
const SHARED = { propagate: true };
const SENT = 'user.id=ada;openai=never,session.id=chat-7;openai=never';

/** The header that an instrumented HTTP client would send now, even one that ignores `suppressTracing`. */
function header(): string | undefined {
  const carrier: { baggage?: string } = {};
  const set = (fields: object, name: string, value: string) => Object.assign(fields, { [name]: value });
  new W3CBaggagePropagator().inject(unsuppressTracing(context.active()), carrier, { set });
  return carrier.baggage;
}

/** The context of a request that came with this header. */
function received(baggage: string): Context {
  const getter = { keys: () => ['baggage'], get: () => baggage };
  return new W3CBaggagePropagator().extract(context.active(), {}, getter);
}

/** A program that notes which header each request to the API would have. */
async function startWatched({ fetch: send = fetch, ...options }: ClientOptions = {}) {
  const program = await startTracedProgram();
  const sent: (string | undefined)[] = [];
  const made = new OpenAI({
    apiKey: 'sk-secret',
    baseURL: program.simulator.url,
    maxRetries: 1,
    ...options,
    fetch: (...args) => {
      sent.push(header());
      return send(...args);
    },
  });
  const client = instrumentOpenAI(made, { cost: false });
  const ask = () =>
    client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user' as const, content: 'Hi.' }],
    });
  return { ...program, client, sent, ask };
}

describe('withMetadata with propagate', () => {
  test.each([
    ['the user and the session', true, SENT],
    [
      'what the list names',
      ['sessionId', 'tenant'],
      'session.id=chat-7;openai=never,openai.trace.metadata.tenant=a%2Cb;openai=never',
    ],
    ['nothing without the option', undefined, undefined],
    ['nothing for other values', 'userId' as unknown as boolean, undefined],
  ])('adds to the baggage: %s', async (_, propagate, expected) => {
    const { client, sent, telemetry } = await startWatched();
    await withMetadata(
      { ...ADA, project: 'tutor', metadata: { tenant: 'a,b' } },
      async () => {
        expect(header()).toBe(expected);
        await client.models.list();
        expect(header()).toBe(expected);
      },
      { propagate },
    );
    expect(header()).toBe(undefined);
    expect(sent).toEqual([undefined]);
    expect(telemetry.spans.at(-1)?.attributes).toMatchObject({ 'user.id': 'ada', 'session.id': 'chat-7' });
  });

  test('leaves the baggage of the program as it is, for its services and for the API', async () => {
    const { sent, ask } = await startWatched();
    await context.with(received('user.id=guest,shop=7;note'), () =>
      withMetadata(
        ADA,
        async () => {
          expect(header()).toBe('user.id=ada;openai=never,shop=7;note,session.id=chat-7;openai=never');
          const added = propagation.getActiveBaggage()?.setEntry('cart', { value: '1' });
          if (added) await context.with(propagation.setBaggage(context.active(), added), ask);
        },
        SHARED,
      ),
    );
    expect(sent).toEqual(['user.id=guest,shop=7;note,cart=1']);
  });

  test('keeps an entry from the API that another service has propagated', async () => {
    const { sent, ask } = await startWatched();
    await context.with(received(`shop=7, ${SENT},tenant=acme; a=b ; openai=never`), async () => {
      await ask();
      expect(header()).toContain('user.id=ada');
    });
    expect(sent).toEqual(['shop=7']);
  });

  test('the called service records and sends on what docs/your-code.md shows it to read', async () => {
    expect(codeBlocks('docs/your-code.md')).toContain(shownExample('helpers/propagate-example.ts'));
    const { sent, ask, telemetry } = await startWatched();
    await context.with(received(SENT), () =>
      example()(() => {
        expect(header()).toBe(SENT);
        return ask();
      }),
    );
    expect(sent).toEqual([undefined]);
    expect(telemetry.spans.at(-1)?.attributes).toMatchObject({ 'user.id': 'ada', 'session.id': 'chat-7' });
  });

  test('keeps the entries out of retries, streams, reads of this package, and requests that are not recorded', async () => {
    const { client, simulator, sent, ask, expectTree } = await startWatched();
    simulator.next({ status: 500, headers: { 'retry-after-ms': '1' } });
    await withMetadata(
      ADA,
      async () => {
        await ask();
        const stream = await client.responses.create({ model: 'gpt-4o-mini', input: 'Hi.', stream: true });
        for await (const _ of stream) expect(header()).toBe(SENT);
        await context.with(suppressTracing(context.active()), () => client.models.list());
        await readWithClient(client, '/models', {}, undefined);
      },
      SHARED,
    );
    expect(sent).toEqual(Array(5).fill(undefined));
    await expectTree(`
      chat gpt-4o-mini
      ├─ attempt        !500
      └─ attempt

      chat gpt-4o-mini
    `);
  });

  test('keeps the entries out of the exchange of a token with OpenAI', async () => {
    const token = { access_token: 't', issued_token_type: 'x', token_type: 'Bearer', expires_in: 3600 };
    const urls: string[] = [];
    const provider = { tokenType: 'jwt' as const, getToken: async () => 'jwt' };
    const { sent, ask } = await startWatched({
      apiKey: null,
      workloadIdentity: { identityProviderId: 'i', serviceAccountId: 's', provider },
      fetch: async (url, init) => {
        urls.push(String(url));
        return String(url).includes('auth.openai.com') ? Response.json(token) : fetch(url, init);
      },
    });
    await withMetadata(ADA, ask, SHARED);
    expect(urls[0]).toContain('auth.openai.com');
    expect(sent).toEqual([undefined, undefined]);
  });

  test('an inner call replaces what an outer one has propagated, or removes it', async () => {
    const { sent, ask } = await startWatched();
    await withMetadata(
      ADA,
      async () => {
        withMetadata({ userId: 'bob' }, () => expect(header()).toBe('session.id=chat-7;openai=never'));
        traced({ userId: 'bob' }, () => expect(header()).toBe('session.id=chat-7;openai=never'))();
        withMetadata({ project: 'tutor' }, () => expect(header()).toBe(SENT));
        await withMetadata(
          { userId: 'bob' },
          async () => {
            expect(header()).toBe('session.id=chat-7;openai=never,user.id=bob;openai=never');
            await ask();
          },
          SHARED,
        );
        expect(header()).toBe(SENT);
      },
      SHARED,
    );
    expect(sent).toEqual([undefined]);
  });

  test('leaves out values that are long or that no header can carry, and more than eight', async () => {
    const { warnings } = await startTracedProgram();
    const propagate = ['userId', 'sessionId', ...'abcdefgh'];
    const metadata = Object.fromEntries([...'abcdefgh'].map((key) => [key, key]));
    const rest = [...'abcdef'].map((key) => `openai.trace.metadata.${key}=${key};openai=never`).join();
    for (const sessionId of ['é'.repeat(100), 'a\ud83d'])
      withMetadata(
        { userId: 'ada', sessionId, metadata },
        () => expect(header()).toBe(`user.id=ada;openai=never,${rest}`),
        { propagate },
      );
    expect(warnings.splice(0)).toEqual([expect.stringContaining('expected at most 496 bytes')]);
  });

  test.each([
    ['disabled', {}, (off: OpenAIInstrumentation) => off.disable()],
    ['switched off', { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' }, () => undefined],
  ])('adds nothing while the instrumentation is %s: the API would get it', (_, environment, after) => {
    forgetObservers();
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const instrumentation = new OpenAIInstrumentation();
    onTestFinished(() => instrumentation.disable());
    after(instrumentation);
    withMetadata(ADA, () => expect(header()).toBe(undefined), SHARED);
  });

  test('requests are sent even if the baggage of the program cannot be read', async () => {
    const { client, warnings } = await startTracedProgram();
    const broken = propagation.createBaggage();
    broken.getAllEntries = () => {
      throw new Error('broken');
    };
    await context.with(propagation.setBaggage(context.active(), broken), () => client.models.list());
    expect(warnings.splice(0)).toEqual([expect.stringContaining('reading baggage')]);
  });
});

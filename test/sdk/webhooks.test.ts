import { context } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, it, test } from 'vitest';
import { instrumentOpenAI, withConversation } from '../../src/client.ts';
import { suppressed } from '../../src/util/context.ts';
import { type Program, startProgram } from '../support/program.ts';
import { signWebhook, WEBHOOK_SECRET } from '../support/webhook.ts';

function startReceiver(): Promise<Program> {
  return startProgram({ client: { webhookSecret: WEBHOOK_SECRET } });
}

describe('an unwrapped webhook', () => {
  it('is recorded below what is active, and returned as without instrumentation', async () => {
    const program = await startReceiver();
    const { payload, headers } = signWebhook('response.completed', { id: 'resp_1' });
    const { unwrap } = program.client.webhooks;
    expect([unwrap.name, unwrap.length]).toEqual(['unwrap', 2]);
    const event = await program.inSpan(
      () => program.client.webhooks.unwrap(payload, headers),
      'POST /webhook',
    );
    expect(event).toEqual(JSON.parse(payload));
    await program.expectTree(`
      POST /webhook
      └─ webhook
    `);
  });

  it.each<readonly [string, object, object]>([
    ...['completed', 'failed', 'cancelled', 'incomplete'].map(
      (end) =>
        [
          `response.${end}`,
          { id: 'resp_1' },
          { 'gen_ai.response.id': 'resp_1', 'openai.api.type': 'responses' },
        ] as const,
    ),
    [
      'agent.session.idle',
      { id: 'sess_1' },
      {
        'openai.session.id': 'sess_1',
        'gen_ai.conversation.id': 'sess_1',
        'openai.api.type': 'agents',
      },
    ],
    ['agent.environment.ready', { id: 'env_1' }, { 'openai.environment.id': 'env_1' }],
    ['batch.completed', { id: 'batch_1' }, { 'openai.batch.id': 'batch_1' }],
    ['eval.run.failed', { id: 'evalrun_1' }, { 'openai.eval_run.id': 'evalrun_1' }],
    ['fine_tuning.job.succeeded', { id: 'ftjob_1' }, { 'openai.fine_tuning_job.id': 'ftjob_1' }],
    ['live.call.incoming', { session_id: 'live_1' }, { 'openai.session.id': 'live_1' }],
    ['live.transport.incoming', { session_id: 'live_1', type: 'sip' }, { 'openai.session.id': 'live_1' }],
    ['live.transport.connected', { session_id: 'live_1', type: 'webrtc' }, { 'openai.session.id': 'live_1' }],
    ['realtime.call.incoming', { call_id: 'rtc_1', sip_headers: [] }, { 'openai.call.id': 'rtc_1' }],
    ['safety.alert.created', { id: 'alert_1' }, { 'openai.alert.id': 'alert_1' }],
    ['safety.org_alert.created', { id: 'alert_1' }, { 'openai.alert.id': 'alert_1' }],
    ['safety.deactivation_issued', { id: 'case_1' }, { 'openai.case.id': 'case_1' }],
    ['safety.warning_issued', { id: 'case_1' }, { 'openai.case.id': 'case_1' }],
    ['video.completed', { id: 'video_1' }, { 'openai.video.id': 'video_1' }],
    ['something.new', { id: 'new_1' }, {}],
  ])('has the id of its object: %s', async (type, data, ids) => {
    const program = await startReceiver();
    const { payload, headers } = signWebhook(type, data);
    await program.client.webhooks.unwrap(payload, headers);
    expect(program.telemetry.spans.map(({ attributes }) => attributes)).toEqual([
      { 'openai.webhook.event.type': type, 'openai.webhook.event.id': 'evt_1', ...ids },
    ]);
  });

  it('is linked to a response that this process created', async () => {
    const program = await startReceiver();
    const { client, inSpan } = program;
    const response = await inSpan(() =>
      client.responses.create({ model: 'gpt-4o', input: 'Hi', background: true }),
    );
    const { payload, headers } = signWebhook('response.completed', { id: response.id });
    await inSpan(() => client.webhooks.unwrap(payload, headers), 'POST /webhook');
    await program.telemetry.provider.shutdown();
    expect(program.linked('webhook')).toEqual([['chat gpt-4o']]);
  });

  it('belongs to the conversation that the program has named', async () => {
    const program = await startReceiver();
    const { client } = program;
    const { payload, headers } = signWebhook('batch.completed', { id: 'batch_1' });
    await withConversation('chat-1', async () => {
      await client.webhooks.unwrap(payload, headers);
      await client.webhooks.unwrap(payload, {}).catch(() => undefined);
      await client.models.list();
    });
    await program.telemetry.provider.shutdown();
    await program.expectTree(`
      conversation    gen_ai.conversation.id=chat-1
      ├─ webhook      gen_ai.conversation.id=chat-1 openai.batch.id=batch_1
      ├─ webhook      !Error gen_ai.conversation.id=chat-1
      └─ GET /models  gen_ai.conversation.id=chat-1
    `);
  });

  it('with an invalid signature records nothing, and fails as without instrumentation', async () => {
    const program = await startReceiver();
    const plain = new OpenAI({ apiKey: 'test', webhookSecret: WEBHOOK_SECRET });
    const { payload } = signWebhook('response.completed', { id: 'resp_1' });
    const { headers } = signWebhook('response.failed', { id: 'resp_2' });
    const failure = (client: OpenAI): Promise<unknown> =>
      client.webhooks.unwrap(payload, headers).catch((error: unknown) => error);
    const [seen, expected] = [await failure(program.client), await failure(plain)];
    expect(seen).toBeInstanceOf(OpenAI.InvalidWebhookSignatureError);
    expect(seen).toEqual(expected);
    await program.expectTree(`
      webhook  !InvalidWebhookSignatureError
    `);
    const [span] = program.telemetry.spans;
    expect(span?.attributes).toEqual({ 'error.type': 'InvalidWebhookSignatureError' });
    expect(span?.status.message).toBeUndefined();
  });

  it('is unchanged with suppressed tracing', async () => {
    const program = await startReceiver();
    const { payload, headers } = signWebhook('response.completed', { id: 'resp_1' });
    await context.with(suppressed(context.active()), () => program.client.webhooks.unwrap(payload, headers));
    expect(program.telemetry.spans).toEqual([]);
  });

  it.each(['null', '"text"', '[]', '{"type":7,"data":[]}'])('may contain anything: %s', async (said) => {
    const program = await startReceiver();
    const { webhooks } = program.client;
    webhooks.verifySignature = async () => undefined;
    expect(await webhooks.unwrap(said, {})).toEqual(JSON.parse(said));
    await program.expectTree('webhook');
  });
});

describe('a client whose unwrap returns no promise', () => {
  class Webhooks {
    readonly _client: Client;
    constructor(client: Client) {
      this._client = client;
    }
    unwrap(payload: string): unknown {
      return JSON.parse(payload);
    }
  }
  class Client {
    readonly webhooks: Webhooks = new Webhooks(this);
    request(): void {}
    makeRequest(): void {}
  }

  it('returns the same value', async () => {
    const program = await startProgram();
    const { webhooks } = instrumentOpenAI(new Client(), {});
    expect(webhooks.unwrap('{"type":"response.failed"}')).toEqual({ type: 'response.failed' });
    expect(() => webhooks.unwrap('no JSON')).toThrow(SyntaxError);
    await program.expectTree(`
      webhook  openai.webhook.event.type=response.failed

      webhook  !SyntaxError
    `);
  });
});

test('the stack of an error is no longer than that of a client that nobody observes', async () => {
  const { client } = await startReceiver();
  const plain = new OpenAI({ apiKey: 'test', webhookSecret: WEBHOOK_SECRET });
  const linesOf = async (from: OpenAI): Promise<number> => {
    const error = await from.webhooks.unwrap('{}', {}).catch((reason: Error) => reason);
    return String((error as Error).stack).split('\n    at ').length;
  };
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const [seen, expected] = [await linesOf(client), await linesOf(plain)];
  Error.stackTraceLimit = stackTraceLimit;
  expect(seen).toBe(expected);
});

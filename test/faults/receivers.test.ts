import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { type Account, Ledger } from '../support/accounting/ledger.ts';
import { type Receiver, startReceiver, type Treatment } from '../support/accounting/receiver.ts';
import { useSimulator } from '../support/lanes/api.ts';

const simulator = useSimulator();

/** A program in production: batches, a circuit breaker, OTLP over real sockets. */
async function runProgram(
  receiver: Receiver,
  prepare: () => Promise<void> = async () => undefined,
): Promise<{ answers: string[]; account: Account }> {
  const ledger = new Ledger(new OTLPTraceExporter({ url: receiver.url, timeoutMillis: 300 }), {
    batch: { maxExportBatchSize: 2, maxQueueSize: 8, exportTimeoutMillis: 500 },
    breaker: { failures: 2 },
  });
  const provider = new TracerProvider({ spanProcessors: [...ledger.processors] });
  for (const api of [trace, metrics, context]) api.disable();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL: simulator().url, maxRetries: 0 }), {
    cost: false,
  });
  await prepare();
  const answers: string[] = [];
  for (let asked = 0; asked < 6; asked++) answers.push(await ask(client, asked));
  await provider.forceFlush().catch(() => undefined);
  await provider.shutdown().catch(() => undefined);
  return { answers, account: await ledger.settled() };
}

/** Plain and streamed calls, and runs of an assistant. */
async function ask(client: OpenAI, round: number): Promise<string> {
  const question = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'What is x?' }] };
  if (round % 3 === 0)
    return (await client.chat.completions.create(question)).choices[0]?.message.content ?? '';
  if (round % 3 === 1) {
    const pieces: string[] = [];
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
      pieces.push(chunk.choices[0]?.delta.content ?? '');
    return pieces.join('');
  }
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
  const thread = await client.beta.threads.create({ messages: question.messages });
  const run = await client.beta.threads.runs.createAndPoll(
    thread.id,
    { assistant_id: assistant.id },
    { pollIntervalMs: 1 },
  );
  return run.status;
}

const SOUND: readonly string[] = ['This is a simulated answer.', 'This is a simulated answer.', 'completed'];

function expectSound({ answers, account }: { answers: string[]; account: Account }): void {
  expect(answers).toHaveLength(6);
  for (const [index, answer] of answers.entries()) expect(answer).toContain(SOUND[index % 3]);
  const { started, ended, open, delivered, failed, dropped, refused } = account;
  expect(open).toEqual([]);
  expect(started).toBeGreaterThan(10);
  expect(ended).toBe(started);
  expect(delivered + failed + dropped + refused).toBe(ended);
}

describe('the program continues, and every span is delivered or counted, with a receiver that', () => {
  test.each<[string, Treatment]>([
    ['accepts everything', 'take'],
    ['answers with an invalid response', 'garbage'],
    ['does not want any', 400],
    ['wants a login', 401],
    ['is broken', 500],
    ['is overloaded', 503],
    ['stalls', 'stall'],
    ['cuts the connection', 'cut'],
    ['cuts the connection as it answers', 'cut the answer'],
  ])('%s', async (_, treatment) => {
    const receiver = await startReceiver(() => treatment);
    const run = await runProgram(receiver);
    await receiver.close();
    expectSound(run);
    expect(run.account.delivered).toBe(receiver.taken);
    expect(receiver.requests).toBeGreaterThan(0);
    if (typeof treatment === 'number' || treatment.startsWith('cut') || treatment === 'stall')
      expect(run.account.delivered).toBe(0);
    else expect(run.account.delivered + run.account.refused).toBe(run.account.ended);
  });

  test('refuses connections', async () => {
    const receiver = await startReceiver();
    const run = await runProgram(receiver, () => receiver.close());
    expectSound(run);
    expect(run.account.delivered).toBe(0);
  });

  test('fails now and then', async () => {
    const receiver = await startReceiver((request) => (request % 2 === 0 ? 500 : 'take'));
    const run = await runProgram(receiver);
    await receiver.close();
    expectSound(run);
    expect(run.account.delivered).toBe(receiver.taken);
    expect(run.account.delivered).toBeGreaterThan(0);
    expect(run.account.failed).toBeGreaterThan(0);
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { trace } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { span, traced } from '../../src/client.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { startProgram } from '../support/program.ts';
import { type RecordedTelemetry, recordTelemetry } from '../support/telemetry.ts';
import { startTutor } from '../support/tutor.ts';

const QUESTION = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'What is x?' }] };
const ANSWER = 'This is a simulated answer.';

function namesOf({ spans }: Pick<RecordedTelemetry, 'spans'>): string[] {
  return spans.map(({ name }) => name);
}

type Chunks = AsyncIterable<OpenAI.Chat.ChatCompletionChunk>;

/** What a stream says; something may happen after each chunk. */
async function textOf(stream: Chunks, after = async (_chunks: number) => {}): Promise<string> {
  const pieces: string[] = [];
  for await (const { choices } of stream) {
    pieces.push(choices[0]?.delta.content ?? '');
    await after(pieces.length);
  }
  return pieces.join('');
}

describe('a provider that is shut down', () => {
  test('during a call: the program gets its result, and the span is saved', async () => {
    const { client, simulator, telemetry } = await startProgram();
    simulator.next({ delayMs: 200 });
    const call = client.chat.completions.create(QUESTION);
    await expect.poll(() => simulator.requests.length).toBe(1);
    await telemetry.provider.shutdown();
    expect(namesOf(telemetry)).toEqual(['chat gpt-4o']);
    expect((await call).choices[0]?.message.content).toBe(ANSWER);
    expect((await client.chat.completions.create(QUESTION)).choices[0]?.message.content).toBe(ANSWER);
  });

  test('during a stream: the program reads to the end, and the span is saved', async () => {
    const { client, telemetry } = await startProgram();
    const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
    const text = await textOf(stream, async (chunks) => {
      if (chunks === 2) await telemetry.provider.shutdown();
    });
    expect(text).toBe(ANSWER);
    expect(namesOf(telemetry)).toEqual(['chat gpt-4o']);
    expect(telemetry.spans[0]?.attributes['openai.stream.end']).toBe('abandoned');
  });

  test('while a run is polled: the program continues to poll, and run and thread are saved', async () => {
    const { telemetry, ...program } = await startTutor({ runs: [{}] });
    await program.inSpan(async () => {
      const run = await program.create();
      await telemetry.provider.shutdown();
      expect((await program.poll(run.id)).status).toBe('completed');
    });
    expect(namesOf(telemetry)).toEqual(expect.arrayContaining(['thread', 'invoke_agent Math Tutor']));
  });

  test('while traced functions run: their spans are saved above those of their calls', async () => {
    const { client, telemetry } = await startProgram();
    const instrumentation = new OpenAIInstrumentation();
    onTestFinished(() => instrumentation.disable());
    const { promise, resolve } = Promise.withResolvers<string>();
    const handled = traced('handle request', async () => {
      await span('ask', () => client.chat.completions.create(QUESTION));
      return promise;
    })();
    await expect.poll(() => telemetry.spans.length).toBe(2);
    await telemetry.provider.shutdown();
    assertSpanTree(
      telemetry.spans,
      `
      handle request
      └─ ask
         └─ chat gpt-4o
      `,
    );
    resolve('done');
    expect(await handled).toBe('done');
    expect(telemetry.spans).toHaveLength(3);
  });

  test('while a tool of runTools runs: its span is saved, without a duration', async () => {
    const { client, telemetry } = await startProgram();
    const { promise, resolve } = Promise.withResolvers<string>();
    const runner = client.chat.completions.runTools({
      ...QUESTION,
      tools: [
        {
          type: 'function',
          function: { name: 'slow', description: 'Takes its time.', function: () => promise, parameters: {} },
        },
      ],
    });
    await expect.poll(() => telemetry.openSpans).toEqual(['invoke_workflow runTools', 'execute_tool slow']);
    await telemetry.provider.shutdown();
    expect(telemetry.openSpans).toEqual([]);
    expect(namesOf(telemetry)).toEqual(['chat gpt-4o', 'execute_tool slow', 'invoke_workflow runTools']);
    resolve('sunny');
    expect(await runner.finalContent()).toEqual(expect.any(String));
    const measured = (await telemetry.metrics()).map(({ descriptor }) => descriptor.name);
    expect(measured).not.toContain('gen_ai.execute_tool.duration');
    expect(measured).not.toContain('gen_ai.invoke_workflow.duration');
  });

  test('twice, then flushed', async () => {
    const { client, telemetry } = await startProgram();
    await client.chat.completions.create(QUESTION);
    await Promise.all([telemetry.provider.shutdown(), telemetry.provider.shutdown()]);
    await telemetry.provider.forceFlush();
    expect(telemetry.spans).toHaveLength(1);
  });
});

describe('a provider that is replaced', () => {
  test('gets the spans that started with it; the new provider gets later ones', async () => {
    const { client, telemetry } = await startProgram();
    const before = client.chat.completions.create(QUESTION);
    const stream = await client.chat.completions.create({ ...QUESTION, model: 'streamed', stream: true });
    trace.disable();
    const replaced = recordTelemetry();
    expect(await textOf(stream)).toBe(ANSWER);
    expect((await before).choices[0]?.message.content).toBe(ANSWER);
    await client.chat.completions.create({ ...QUESTION, model: 'new' });
    expect(namesOf(telemetry).sort()).toEqual(['chat gpt-4o', 'chat streamed']);
    expect(namesOf(replaced)).toEqual(['chat new']);
    await replaced.verify();
  });

  test('and shut down after a call with the new one gets the spans that are still open', async () => {
    const { client, assistantId, threadId, telemetry } = await startTutor({ runs: [{}] });
    await client.beta.threads.runs.create(threadId, { assistant_id: assistantId });
    await client.chat.completions.create({ ...QUESTION, model: 'streamed', stream: true });
    trace.disable();
    const replaced = recordTelemetry();
    await client.chat.completions.create({ ...QUESTION, model: 'new' });
    await telemetry.provider.shutdown();
    expect(telemetry.openSpans).toEqual([]);
    expect(namesOf(telemetry)).toEqual(
      expect.arrayContaining(['chat streamed', 'invoke_agent Math Tutor', 'thread']),
    );
    expect(namesOf(replaced)).toEqual(['chat new']);
  });

  test('during a run leaves no span open in either provider', async () => {
    const { client, threadId, telemetry, ...program } = await startTutor({ runs: [{}] });
    const run = await program.inSpan(program.create);
    trace.disable();
    const replaced = recordTelemetry();
    await client.beta.threads.runs.poll(run.id, { thread_id: threadId }, { pollIntervalMs: 1 });
    await client.beta.threads.messages.list(threadId);
    await replaced.provider.shutdown();
    expect([...telemetry.openSpans, ...replaced.openSpans]).toEqual([]);
    expect(namesOf(telemetry)).toContain('invoke_agent Math Tutor');
  });
});

describe('a flush during the background read', () => {
  test.each([
    ['that is slow waits for the read', { delayMs: 100 }, ['chat gpt-4o-mini']],
    ['that is interrupted continues without steps', { break: 'before-headers' }, []],
    ['that is rejected continues without steps', { status: 500, body: { error: { message: 'no' } } }, []],
    ['that is not JSON continues without steps', { body: '<html>' }, []],
  ] as const)('%s', async (_, answer, steps) => {
    const { simulator, telemetry, ...program } = await startTutor({ runs: [{}] });
    simulator.next({ when: { path: /steps/ }, ...answer });
    await program.inSpan(program.run);
    await telemetry.provider.forceFlush();
    expect(telemetry.openSpans).toEqual([]);
    expect(namesOf(telemetry).filter((name) => name.startsWith('chat'))).toEqual(steps);
    expect(namesOf(telemetry)).toContain('invoke_agent Math Tutor');
  });
});

test('enabling and disabling during calls, streams and runs does not affect the program', async () => {
  const run = async (...how: string[]): Promise<Record<'seen' | 'names' | 'open', unknown[]>> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      'test/faults/programs/switching.ts',
      ...how,
    ]);
    return JSON.parse(stdout.replaceAll(/"(created|\w+_at)":\d+/g, '"$1":0')) as Record<
      'seen' | 'names' | 'open',
      unknown[]
    >;
  };
  const [observed, plain] = await Promise.all([run(), run('plain')]);
  expect(plain.names).toEqual([]);
  expect(observed.seen).toEqual(plain.seen);
  expect(observed.open).toEqual([]);
  expect(observed.names).toContain('invoke_agent Tutor');
  expect(observed.names.filter((name) => name === 'chat gpt-4o')).toHaveLength(4);
});

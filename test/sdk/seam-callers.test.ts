import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { useSession } from '../support/use-session.ts';

const session = useSession({ config: { runSteps: 'observe' } });

const messages = [{ role: 'user' as const, content: 'Hello' }];

function ask(model = 'gpt-4o'): Promise<unknown> {
  return session().client.chat.completions.create({ model, messages });
}

function stream(): Promise<AsyncIterable<unknown>> {
  return session().client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
}

async function inSpan<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  return trace.getTracer('program').startActiveSpan(name, async (span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });
}

/** A span of the program's own, in whatever is active. */
function mark(name: string): void {
  trace.getTracer('program').startSpan(name).end();
}

/** Compares one trace, told by its root: traces that run at the same time have no order. */
function assertTrace(root: string, expected: string): void {
  const traceId = session()
    .spans.find(({ name }) => name === root)
    ?.spanContext().traceId;
  assertSpanTree(
    session().spans.filter((span) => span.spanContext().traceId === traceId),
    expected,
  );
}

async function createThread(): Promise<{ assistant: OpenAI.Beta.Assistant; thread: OpenAI.Beta.Thread }> {
  const { assistants, threads } = session().plain.beta;
  return {
    assistant: await assistants.create({ model: 'gpt-4o', name: 'Tutor' }),
    thread: await threads.create(),
  };
}

describe('work of the program on a stream is below its own span', () => {
  test('in a loop', async () => {
    await inSpan('program', async () => {
      let first = true;
      for await (const _ of await stream()) {
        if (first) mark('in the loop');
        first = false;
      }
      mark('after the loop');
    });
    assertSpanTree(session().spans, 'program\n├─ chat gpt-4o\n├─ in the loop\n└─ after the loop');
  });

  test('with calls for each chunk', async () => {
    await inSpan('program', async () => {
      let asked = 0;
      for await (const _ of await stream()) if (asked++ === 0) await ask('gpt-4o-mini');
    });
    assertSpanTree(session().spans, 'program\n├─ chat gpt-4o\n└─ chat gpt-4o-mini');
  });

  test('in another span than that of the call', async () => {
    const chunks = await inSpan('making', stream);
    await inSpan('reading', async () => {
      for await (const _ of chunks);
      mark('read');
    });
    assertSpanTree(session().spans, 'making\n└─ chat gpt-4o\n\nreading\n└─ read');
  });

  test('in the handlers of a streamed run', async () => {
    const { assistant, thread } = await createThread();
    await inSpan('program', async () => {
      const run = session().client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
      run.once('textCreated', () => mark('in a handler'));
      await run.finalRun();
      mark('after the run');
    });
    await session().provider.forceFlush();
    assertSpanTree(
      session().spans,
      `
      program
      ├─ thread
      │  └─ invoke_agent
      │     └─ chat gpt-4o
      ├─ in a handler
      └─ after the run
      `,
    );
  });
});

describe('a call is below the span that was active', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a timer was set', () => sleep(1).then(() => ask())],
    ['an immediate was set', () => nextTurn().then(() => ask())],
    ['a microtask was queued', () => new Promise((resolve) => queueMicrotask(() => resolve(ask())))],
  ])('when %s', async (_, call) => {
    const { made } = await inSpan('program', async () => ({ made: call() }));
    await inSpan('other', () => made);
    assertSpanTree(session().spans, 'program\n└─ chat gpt-4o\n\nother');
  });

  test('when an event was emitted, not when the listener was added', async () => {
    const emitter = new EventEmitter();
    const calls: Promise<unknown>[] = [];
    await inSpan('listening', async () => emitter.on('question', () => calls.push(ask())));
    await inSpan('emitting', async () => emitter.emit('question'));
    await Promise.all(calls);
    assertSpanTree(session().spans, 'listening\n\nemitting\n└─ chat gpt-4o');
  });

  test('when an event was awaited', async () => {
    const emitter = new EventEmitter();
    const call = inSpan('waiting', async () => {
      await once(emitter, 'question');
      await ask();
    });
    await inSpan('emitting', async () => emitter.emit('question'));
    await call;
    assertTrace('waiting', 'waiting\n└─ chat gpt-4o');
    assertTrace('emitting', 'emitting');
  });

  test('in each of many parallel poll helpers', async () => {
    const { assistant } = await createThread();
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        inSpan(name, async () => {
          const { runs } = session().client.beta.threads;
          const thread = await session().plain.beta.threads.create();
          await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 1 });
          mark(`after ${name}`);
        }),
      ),
    );
    await session().provider.forceFlush();
    for (const name of ['a', 'b', 'c'])
      assertTrace(name, `${name}\n├─ thread\n│  └─ invoke_agent\n└─ after ${name}`);
  });

  test('in each of many interleaved streams', async () => {
    await Promise.all(
      ['a', 'b'].map((name) =>
        inSpan(name, async () => {
          let first = true;
          for await (const _ of await stream()) {
            if (first) mark(`reading ${name}`);
            first = false;
            await nextTurn();
          }
        }),
      ),
    );
    for (const name of ['a', 'b']) assertTrace(name, `${name}\n├─ chat gpt-4o\n└─ reading ${name}`);
  });
});

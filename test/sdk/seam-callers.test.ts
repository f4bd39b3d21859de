import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { describe, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';
import { HELLO } from '../support/use-session.ts';

function ask({ client }: Program): Promise<unknown> {
  return client.chat.completions.create(HELLO);
}

function stream({ client }: Program): Promise<AsyncIterable<unknown>> {
  return client.chat.completions.create({ ...HELLO, stream: true });
}

/** A span of the program's own, in whatever is active. */
function mark(name: string): void {
  trace.getTracer('program').startSpan(name).end();
}

/** Compares one trace, told by its root: traces that run at the same time have no order. */
function assertTrace({ telemetry: { spans } }: Program, root: string, expected: string): void {
  const traceId = spans.find(({ name }) => name === root)?.spanContext().traceId;
  assertSpanTree(
    spans.filter((span) => span.spanContext().traceId === traceId),
    expected,
  );
}

describe('work of the program on a stream is below its own span', () => {
  test('in another span than that of the call', async () => {
    const program = await startProgram();
    const chunks = await program.inSpan(() => stream(program), 'making');
    await program.inSpan(async () => {
      for await (const _ of chunks);
      mark('read');
    }, 'reading');
    await program.expectTree('making\n└─ chat gpt-4o\n\nreading\n└─ read');
  });

  test('in each of many interleaved streams', async () => {
    const program = await startProgram();
    await Promise.all(
      ['a', 'b'].map((name) =>
        program.inSpan(async () => {
          let first = true;
          for await (const _ of await stream(program)) {
            if (first) mark('in the loop');
            first = false;
            await nextTurn();
          }
          mark('after the loop');
        }, name),
      ),
    );
    for (const name of ['a', 'b'])
      assertTrace(program, name, `${name}\n├─ chat gpt-4o\n├─ in the loop\n└─ after the loop`);
  });

  test('in the handlers of a streamed run', async () => {
    const tutor = await startTutor({ runs: [{}] });
    await tutor.inSpan(async () => {
      const { runs } = tutor.client.beta.threads;
      const run = runs.stream(tutor.threadId, { assistant_id: tutor.assistantId });
      run.once('textCreated', () => mark('in a handler'));
      await run.finalRun();
      mark('after the run');
    });
    await tutor.expectTree(`
      program
      ├─ thread
      │  └─ invoke_agent Math Tutor
      │     └─ chat gpt-4o-mini
      ├─ in a handler
      └─ after the run
    `);
  });
});

describe('a call is below the span that was active', () => {
  test.each<[string, (program: Program) => Promise<unknown>]>([
    ['it was made', ask],
    ['a timer was set', (program) => sleep(1).then(() => ask(program))],
    ['an immediate was set', (program) => nextTurn().then(() => ask(program))],
    [
      'a microtask was queued',
      (program) => new Promise((resolve) => queueMicrotask(() => resolve(ask(program)))),
    ],
  ])('when %s', async (_, call) => {
    const program = await startProgram();
    const { made } = await program.inSpan(async () => ({ made: call(program) }));
    await program.inSpan(() => made, 'other');
    await program.expectTree('program\n└─ chat gpt-4o\n\nother');
  });

  test('when an event was emitted, not when the listener was added', async () => {
    const program = await startProgram();
    const emitter = new EventEmitter();
    const calls: Promise<unknown>[] = [];
    await program.inSpan(async () => emitter.on('question', () => calls.push(ask(program))), 'listening');
    await program.inSpan(async () => emitter.emit('question'), 'emitting');
    await Promise.all(calls);
    await program.expectTree('listening\n\nemitting\n└─ chat gpt-4o');
  });

  test('in each of many parallel poll helpers', async () => {
    const program = await startTutor({ runs: [{}, {}, {}] });
    const names = ['a', 'b', 'c'];
    const { threads } = program.client.beta;
    const poll = async (name: string): Promise<void> => {
      await threads.createAndRunPoll({ assistant_id: program.assistantId }, { pollIntervalMs: 1 });
      mark(`after ${name}`);
    };
    await Promise.all(names.map((name) => program.inSpan(() => poll(name), name)));
    await program.telemetry.provider.forceFlush();
    for (const name of names)
      assertTrace(
        program,
        name,
        `${name}\n├─ thread\n│  └─ invoke_agent Math Tutor\n│     └─ chat gpt-4o-mini\n└─ after ${name}`,
      );
  });
});

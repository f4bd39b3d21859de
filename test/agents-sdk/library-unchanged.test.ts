import { propagation } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { unhandledRejection } from '../support/unhandled-rejection.ts';
import { library } from './library.ts';
import { calling, newHelper, newTool, startAgents } from './program.ts';

const STORAGE = Symbol.for('openai.agents.core.asyncLocalStorage');

interface Told {
  readonly spanData?: { readonly type: string };
  readonly metadata?: object;
}

/** A processor of the library, which hands over what it is told, in its order. */
function newProcessor(tell: (event: string, of?: Told) => void): object {
  const events = ['onTraceStart', 'onTraceEnd', 'onSpanStart', 'onSpanEnd'];
  const nothing = async (): Promise<void> => undefined;
  return {
    ...Object.fromEntries(events.map((event) => [event, async (of?: Told) => tell(event, of)])),
    shutdown: nothing,
    forceFlush: nothing,
  };
}

it("leaves the library's own tracing as it is", async () => {
  const { runner, answer } = await startAgents();
  const stop = instrumentAgents();
  const run = async (): Promise<readonly string[]> => {
    const told: string[] = [];
    const processor = newProcessor((event, of) => void told.push(`${event} ${of?.spanData?.type}`));
    library.setTraceProcessors([processor]);
    answer([calling('echo')], 'Yes.');
    await runner.run(newHelper(newTool('echo', () => 'Yes')), 'Hi');
    return told;
  };
  const withUs = await run();
  stop();
  const without = await run();
  expect(without.length).toBeGreaterThan(8);
  expect(withUs).toEqual(without);
});

it.each([
  { propagateInMetadata: false, keys: ['note'] },
  { propagateInMetadata: true, keys: ['note', 'traceparent'] },
])(
  'adds to the metadata of traces only where it is asked to: $propagateInMetadata',
  async ({ propagateInMetadata, keys }) => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    onTestFinished(() => propagation.disable());
    const { newRunner, answer } = await startAgents({ config: { propagateInMetadata } });
    const seen: (object | undefined)[] = [];
    library.setTraceProcessors([
      newProcessor((event, of) => void (event === 'onTraceStart' && seen.push(of?.metadata))),
    ]);
    answer('Yes.');
    const traceMetadata = { note: 'mine' };
    await newRunner({ traceMetadata }).run(newHelper(), 'Hi');
    expect(seen.map((metadata) => Object.keys(metadata ?? {}))).toEqual([keys]);
    expect(traceMetadata).toEqual({ note: 'mine' });
  },
);

it('restores everything when it ends', async () => {
  const { runner, telemetry, answer } = await startAgents();
  const stop = instrumentAgents();
  stop();
  const before = (globalThis as Record<symbol, unknown>)[STORAGE];
  expect(before?.constructor.name).toBe('AsyncLocalStorage');
  answer('Yes.');
  await runner.run(newHelper(), 'Hi');
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

it('ends what is in progress when it ends, and no sooner', async () => {
  const { runner, telemetry, answer } = await startAgents();
  const stop = instrumentAgents();
  answer([calling('stop')], 'Yes.');
  const open: (readonly string[])[] = [];
  const stopping = newTool('stop', () => {
    open.push([...telemetry.openSpans]);
    stop();
    open.push([...telemetry.openSpans]);
    return 'stopped';
  });
  const { finalOutput } = await runner.run(newHelper(stopping), 'Hi');
  expect(finalOutput).toBe('Yes.');
  expect(open).toEqual([['invoke_workflow Agent workflow', 'invoke_agent Helper', 'execute_tool stop'], []]);
});

it('keeps the names and lengths of the methods that it wraps', async () => {
  const { runner, answer } = await startAgents();
  const stop = instrumentAgents();
  answer('Yes.');
  await runner.run(newHelper(), 'Hi');
  const provider = (globalThis as Record<symbol, unknown>)[Symbol.for('openai.agents.core.traceProvider')];
  const described = (): readonly unknown[] => {
    const span = library.createCustomSpan({ data: { name: 'mine' } });
    return [
      ...['createTrace', 'createSpan'].map((name) => describeMethod(provider, name)),
      ...['start', 'end', 'setError', 'clone'].map((name) => describeMethod(span, name)),
    ];
  };
  const withUs = described();
  stop();
  expect(withUs).toEqual(described());
});

function describeMethod(holder: unknown, name: string): readonly unknown[] {
  const method = (holder as Record<string, () => unknown>)[name];
  return [method?.name, method?.length];
}

describe.skipIf(library.withTraceContext === undefined)(
  'leaves it to the process to report a rejection',
  () => {
    const reject = (trace: unknown): void =>
      void library.withTraceContext?.({ trace }, () => Promise.reject('nobody handles this'));

    it.each<[where: string, run: () => Promise<unknown>]>([
      [
        'a trace that has ended',
        async () => reject(await library.withTrace('ended', async () => library.getCurrentTrace())),
      ],
      [
        'a copy of the current trace',
        () =>
          library.withTrace('Chat', async () =>
            reject((library.getCurrentTrace() as { clone?: () => unknown } | null)?.clone?.()),
          ),
      ],
    ])('within %s', async (_, run) => {
      await startAgents();
      const unhandled = unhandledRejection();
      await run();
      expect(await unhandled).toBe('nobody handles this');
    });
  },
);

it.each([{ tracing: true }, { tracing: false }])(
  'leaves the frames of the program in a stack: $tracing',
  async ({ tracing }) => {
    const { runner, answer } = await startAgents({ tracing });
    const limit = Error.stackTraceLimit;
    onTestFinished(() => {
      Error.stackTraceLimit = limit;
    });
    Error.stackTraceLimit = 100;
    const boom = (): never => {
      throw new TypeError('boom');
    };
    const agent = newHelper(newTool('fail', boom, { errorFunction: null }));
    answer([calling('fail')]);
    const failed = await library
      .withTrace('Chat', async function ofTheProgram() {
        return await runner.run(agent, 'Hi');
      })
      .catch((error: unknown) => error);
    const { error } = failed as { readonly error?: Error };
    expect(error?.stack).toContain('at ofTheProgram');
  },
);

it('calls nothing of a proxy that a traced function returns', async () => {
  const { expectTree } = await startAgents();
  const called: string[] = [];
  const remote = new Proxy(
    {},
    {
      get: (_target, name) =>
        name === 'then' ? undefined : async (): Promise<void> => void called.push(String(name)),
    },
  );
  await library.withTrace('Chat', async () => {
    await library.withCustomSpan(async () => remote, { data: { name: 'part' } });
    return remote;
  });
  expect(called).toEqual([]);
  await expectTree(`
      invoke_workflow Chat
      └─ part
    `);
});

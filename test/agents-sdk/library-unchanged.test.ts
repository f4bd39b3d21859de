import { propagation } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { instrumentAgents } from '../../src/agents.ts';
import { library } from './library.ts';
import { calling, newHelper, newTool, startAgents } from './program.ts';

const STORAGE = Symbol.for('openai.agents.core.asyncLocalStorage');

interface LibrarySpan {
  readonly spanData?: { readonly type: string; readonly name?: string };
}

/** What a processor of the library is told, in its order. */
class Processor {
  readonly told: string[] = [];

  async onTraceStart(): Promise<void> {
    this.told.push('trace');
  }

  async onTraceEnd(): Promise<void> {
    this.told.push('/trace');
  }

  async onSpanStart({ spanData }: LibrarySpan): Promise<void> {
    this.told.push(`${spanData?.type}`);
  }

  async onSpanEnd({ spanData }: LibrarySpan): Promise<void> {
    this.told.push(`/${spanData?.type}`);
  }

  async shutdown(): Promise<void> {}
  async forceFlush(): Promise<void> {}
}

it("leaves the library's own tracing as it is", async () => {
  const { runner, simulator } = await startAgents();
  const stop = instrumentAgents();
  const run = async (): Promise<readonly string[]> => {
    const processor = new Processor();
    library.setTraceProcessors([processor]);
    simulator.respond({ output: [calling('echo')] }, { output: [{ message: 'Yes.' }] });
    await runner.run(newHelper(newTool('echo', () => 'Yes')), 'Hi');
    return processor.told;
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
    const { newRunner, simulator } = await startAgents({ config: { propagateInMetadata } });
    const seen: (object | undefined)[] = [];
    class Metadata extends Processor {
      override async onTraceStart(trace?: { readonly metadata?: object }): Promise<void> {
        seen.push(trace?.metadata);
      }
    }
    library.setTraceProcessors([new Metadata()]);
    simulator.respond({ output: [{ message: 'Yes.' }] });
    const traceMetadata = { note: 'mine' };
    await newRunner({ traceMetadata }).run(newHelper(), 'Hi');
    expect(seen.map((metadata) => Object.keys(metadata ?? {}))).toEqual([keys]);
    expect(traceMetadata).toEqual({ note: 'mine' });
  },
);

it('restores everything when it ends', async () => {
  const { runner, simulator, telemetry } = await startAgents();
  const stop = instrumentAgents();
  stop();
  const before = (globalThis as Record<symbol, unknown>)[STORAGE];
  expect(before?.constructor.name).toBe('AsyncLocalStorage');
  simulator.respond({ output: [{ message: 'Yes.' }] });
  await runner.run(newHelper(), 'Hi');
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

it('ends what is in progress when it ends, and no sooner', async () => {
  const { runner, simulator, telemetry } = await startAgents();
  const stop = instrumentAgents();
  simulator.respond({ output: [calling('stop')] }, { output: [{ message: 'Yes.' }] });
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
  const { runner, simulator } = await startAgents();
  const stop = instrumentAgents();
  simulator.respond({ output: [{ message: 'Yes.' }] });
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

/** The rejections that the process reports from now on. */
function unhandledRejections(): readonly unknown[] {
  const unhandled: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => void unhandled.push(reason));
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });
  return unhandled;
}

/** Node reports them once all microtasks have run. */
async function whenReported(): Promise<void> {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe.skipIf(library.withTraceContext === undefined)(
  'leaves it to the process to report a rejection',
  () => {
    it('within a trace that has ended', async () => {
      await startAgents();
      const trace = await library.withTrace('ended', async () => library.getCurrentTrace());
      const unhandled = unhandledRejections();
      void library.withTraceContext?.({ trace }, () => Promise.reject('nobody handles this'));
      await whenReported();
      expect(unhandled).toEqual(['nobody handles this']);
    });

    it('within a copy of the current trace', async () => {
      await startAgents();
      const unhandled = unhandledRejections();
      await library.withTrace('Chat', async () => {
        const trace = (library.getCurrentTrace() as { clone?: () => unknown } | null)?.clone?.();
        void library.withTraceContext?.({ trace }, () => Promise.reject('nobody handles this'));
      });
      await whenReported();
      expect(unhandled).toEqual(['nobody handles this']);
    });
  },
);

it.each([{ tracing: true }, { tracing: false }])(
  'leaves the frames of the program in a stack: $tracing',
  async ({ tracing }) => {
    const { runner, simulator } = await startAgents({ tracing });
    const limit = Error.stackTraceLimit;
    onTestFinished(() => {
      Error.stackTraceLimit = limit;
    });
    Error.stackTraceLimit = 100;
    const fail = newTool(
      'fail',
      () => {
        throw new TypeError('boom');
      },
      { errorFunction: null },
    );
    const agent = newHelper(fail);
    simulator.respond({ output: [calling('fail')] });
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

import { type Context, context, trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { span } from '../../src/client.ts';
import { library } from './library.ts';
import { calling, newHelper, newTool, startAgents, tracingOrNot } from './program.ts';

const { Agent } = library;

/** A span of the program. */
function inOwnSpan<Result>(name: string, run: () => Result): Result {
  return trace.getTracer('program').startActiveSpan(name, (own) => {
    const result = run();
    if (result instanceof Promise) return result.finally(() => own.end()) as Result;
    own.end();
    return result;
  });
}

const echo = newTool('echo', ({ word }) => inOwnSpan(`say ${word}`, () => word));

tracingOrNot((tracing) => {
  it('records guardrails with their verdict', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer('Yes.');
    const guardrail = (name: string, tripwireTriggered: boolean): object => ({
      name,
      execute: async () => inOwnSpan(`check ${name}`, () => ({ outputInfo: 'a secret', tripwireTriggered })),
    });
    const agent = new Agent({
      name: 'Helper',
      model: 'gpt-4o',
      inputGuardrails: [guardrail('polite', false)],
      outputGuardrails: [guardrail('short', true)],
    });
    await expect(runner.run(agent, 'Hi')).rejects.toThrow('Output guardrail triggered');
    await expectTree(`
    invoke_workflow Agent workflow  !OutputGuardrailTripwireTriggered
    └─ invoke_agent Helper          !OutputGuardrailTripwireTriggered
       ├─ guardrail polite          openai.agents.guardrail.triggered=false
       │  └─ check polite
       ├─ chat gpt-4o
       └─ guardrail short           openai.agents.guardrail.triggered=true
          └─ check short
  `);
  });

  it('records an agent that a tool runs below the span of the program', async () => {
    const { runner, newRunner, expectTree, answer } = await startAgents({ tracing });
    const inner = new Agent({ name: 'Historian', model: 'gpt-4o-mini' });
    const ask = newTool('ask', () =>
      inOwnSpan('my step', async () => (await newRunner().run(inner, 'When?')).finalOutput),
    );
    answer([calling('ask')], '1970', 'Then.');
    expect((await runner.run(newHelper(ask), 'When?')).finalOutput).toBe('Then.');
    await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o
       ├─ execute_tool ask
       │  └─ my step
       │     └─ invoke_agent Historian
       │        └─ chat gpt-4o-mini
       └─ chat gpt-4o
  `);
  });

  // The oldest versions have no namespaces.
  it.skipIf(library.toolNamespace === undefined).each([{ stream: false }, { stream: true }])(
    'gives parallel tools, those of namespaces and handoffs their calls: $stream',
    async ({ stream }) => {
      const { runner, expectTree, answer } = await startAgents({ tracing });
      answer(
        [
          calling('echo', { word: 'a' }, 'crm'),
          calling('echo', { word: 'b' }, 'erp'),
          calling('echo', { word: 'c' }),
          calling('echo', { word: 'd' }, 'crm'),
          calling('go_home'),
        ],
        'Done.',
      );
      const namespace = (name: string): readonly object[] =>
        library.toolNamespace?.({ name, description: name, tools: [echo] }) ?? [];
      const home = new Agent({ name: 'Home', model: 'gpt-4o' });
      const agent = new Agent({
        name: 'Helper',
        model: 'gpt-4o',
        tools: [...namespace('erp'), ...namespace('crm'), echo],
        handoffs: [library.handoff(home, { toolNameOverride: 'go_home' })],
      });
      const run = await runner.run(agent, 'Hi', { stream } as { stream: true });
      if (stream) await Array.fromAsync(run);
      await expectTree(`
    invoke_workflow Agent workflow
    ├─ invoke_agent Helper
    │  ├─ chat gpt-4o
    │  ├─ execute_tool crm.echo  gen_ai.tool.call.id=call_000001
    │  │  └─ say a
    │  ├─ execute_tool erp.echo  gen_ai.tool.call.id=call_000002
    │  │  └─ say b
    │  ├─ execute_tool echo      gen_ai.tool.call.id=call_000003
    │  │  └─ say c
    │  ├─ execute_tool crm.echo  gen_ai.tool.call.id=call_000004
    │  │  └─ say d
    │  └─ execute_tool go_home   gen_ai.tool.call.id=call_000005
    └─ invoke_agent Home
       └─ chat gpt-4o
  `);
    },
  );

  it('records custom spans, speech and transcriptions', async () => {
    const { inSpan, expectTree } = await startAgents({ tracing });
    const { withTrace, withCustomSpan, withSpeechSpan, withTranscriptionSpan } = library;
    await inSpan(() =>
      withTrace('Voice', async () => {
        await withTranscriptionSpan(async () => inOwnSpan('listen', () => undefined), {
          data: { input: { data: 'AAAA', format: 'pcm' }, model: 'whisper-1' },
        });
        await withCustomSpan(async () => inOwnSpan('think', () => undefined), {
          data: { name: 'my part', data: { secret: 1 } },
        });
        await withSpeechSpan(async () => inOwnSpan('speak', () => undefined), {
          data: { output: { data: 'AAAA', format: 'pcm' }, model: 'tts-1' },
        });
      }),
    );
    await expectTree(`
    program
    └─ invoke_workflow Voice
       ├─ transcription  gen_ai.request.model=whisper-1
       │  └─ listen
       ├─ my part
       │  └─ think
       └─ speech         gen_ai.request.model=tts-1
          └─ speak
  `);
  });

  it('records a run below a span that was made current within a function of the program', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    answer('Yes.');
    const { createCustomSpan, setCurrentSpan, resetCurrentSpan } = library;
    await library.withTrace('Flow', () =>
      span('outer', async () => {
        const part = createCustomSpan({ data: { name: 'my part', data: {} } });
        part.start();
        setCurrentSpan(part);
        await runner.run(newHelper(), 'Hi');
        resetCurrentSpan();
        part.end();
      }),
    );
    await expectTree(`
    invoke_workflow Flow
    └─ outer
       └─ my part
          └─ invoke_agent Helper
             └─ chat gpt-4o
  `);
  });

  it('keeps no more than 1,000 spans in mind that the program never ends', async () => {
    const { telemetry } = await startAgents({ tracing });
    await library.withTrace('Flow', async () => {
      for (let index = 0; index <= 1_000; index++)
        library.createCustomSpan({ data: { name: `part ${index}`, data: {} } }).start();
    });
    expect(telemetry.openSpans).toEqual(['part 0']);
  });

  it('counts what a tool spends on an image', async () => {
    const { client, runner, simulator, expectTree } = await startAgents({ tracing });
    simulator.respond(
      { output: [calling('draw')], usage: { prompt: 100, completion: 20 } },
      { output: [{ message: 'Done.' }], usage: { prompt: 120, completion: 10 } },
    );
    simulator.next({
      when: { path: '/v1/images/generations' },
      body: { data: [{ b64_json: 'AA==' }], usage: { input_tokens: 7, output_tokens: 300 } },
    });
    const draw = newTool('draw', async () => {
      await client.images.generate({ model: 'gpt-image-1', prompt: 'A tree.' });
      return 'drawn';
    });
    await runner.run(newHelper(draw), 'Hi');
    await expectTree(`
    invoke_workflow Agent workflow      openai.total.input_tokens=227 openai.total.output_tokens=330
    └─ invoke_agent Helper            openai.total.input_tokens=227 openai.total.output_tokens=330
       ├─ chat gpt-4o
       ├─ execute_tool draw
       │  └─ generate_content gpt-image-1
       └─ chat gpt-4o
  `);
  });

  it('counts what a response spends in the background', async () => {
    const { client, simulator, expectTree } = await startAgents({ tracing });
    simulator.respond({ output: [{ message: 'Yes.' }], usage: { prompt: 100, completion: 20 } });
    await library.withTrace('Chat', async () => {
      const { responses } = client;
      let { id, status } = await responses.create({ model: 'gpt-4o', input: 'Hi', background: true });
      while (status !== 'completed') ({ status } = await responses.retrieve(id));
    });
    await expectTree(`
    invoke_workflow Chat  openai.total.input_tokens=100 openai.total.output_tokens=20
    └─ chat gpt-4o        gen_ai.response.status=completed
  `);
  });

  it('keeps a context that the program has bound', async () => {
    const { runner, expectTree, answer } = await startAgents({ tracing });
    let later = (): void => undefined;
    const bind = newTool('bind', () => {
      later = context.bind(context.active(), () => inOwnSpan('later', () => undefined));
      return 'bound';
    });
    const call = newTool('call', () => {
      later();
      return 'called';
    });
    answer([calling('bind'), calling('call')], 'Done.');
    await runner.run(newHelper(bind, call), 'Hi');
    await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o
       ├─ execute_tool bind
       │  └─ later
       ├─ execute_tool call
       └─ chat gpt-4o
  `);
  });

  it.each([{ outer: false }, { outer: true }])(
    'looks no further than a few contexts when each workflow begins within the last one, without end: within another, $outer',
    async ({ outer }) => {
      const { telemetry } = await startAgents({ tracing });
      const deepest = new DeepestLookup();
      const done = Promise.withResolvers<void>();
      const work = async (jobs: number): Promise<void> => {
        context.active().getValue(Symbol('of the program'));
        if (jobs === 0) done.resolve();
        else setImmediate(() => library.withTrace('Job', () => work(jobs - 1), { groupId: 'group_1' }));
      };
      const begin = (): Promise<void> =>
        library.withTrace(
          'Jobs',
          async () => {
            await work(200);
            if (outer) await done.promise;
          },
          { groupId: 'group_1' },
        );
      await Promise.all([context.with(deepest, begin), done.promise]);
      await new Promise(setImmediate);
      expect(deepest.frames).toBeLessThan(200);
      const traces = new Set(telemetry.spans.map((each) => each.spanContext().traceId));
      expect([telemetry.spans.length, traces.size]).toEqual([201, outer ? 1 : 201]);
    },
  );
});

/** A context without values that notes how many calls lead to it. */
class DeepestLookup implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;
  readonly #first: DeepestLookup;
  frames = 0;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map(), first?: DeepestLookup) {
    this.#values = values;
    this.#first = first ?? this;
  }

  getValue(key: symbol): unknown {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 1_000;
    const frames = new Error().stack?.split('\n').length ?? 0;
    Error.stackTraceLimit = limit;
    this.#first.frames = Math.max(this.#first.frames, frames);
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new DeepestLookup(new Map([...this.#values, [key, value]]), this.#first);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }
}

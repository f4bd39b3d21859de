import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { span, traced } from '../../src/client.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { defaultTelemetry } from '../../src/pipeline/default-observers.ts';
import { startProgram } from '../support/program.ts';
import { unhandledRejection } from '../support/unhandled-rejection.ts';
import { collectWarnings } from '../support/warnings.ts';
import { startTracedProgram } from './program.ts';

const QUESTION = { model: 'gpt-4o', messages: [] };

describe('traced', () => {
  it.each([-3_600_000, 3_600_000])(
    'lasts as long as it runs if the system time is set by %d ms',
    async (by) => {
      const { telemetry } = await startTracedProgram();
      const date = Date.now;
      const set = vi.spyOn(Date, 'now');
      await traced('answer', async () => void set.mockImplementation(() => date() + by))();
      set.mockRestore();
      await telemetry.provider.forceFlush();
      const [seconds] = telemetry.spans[0]?.duration ?? [];
      expect(seconds).toBe(0);
      expect(telemetry.spans[0]?.duration[1]).toBeGreaterThan(0);
    },
  );

  const tutor = (answer: unknown): unknown => answer;
  const untyped = traced as (...args: unknown[]) => typeof tutor;
  const hostile = {
    get name(): string {
      throw new Error('no');
    },
  };

  it.each<[how: string, wrap: () => typeof tutor, span: string]>([
    ['by a name', () => traced('lesson', tutor), 'lesson'],
    [
      'by the option `name`',
      () => traced({ name: 'lesson', prompt: 'algebra' }, tutor),
      'lesson  gen_ai.prompt.name=algebra',
    ],
    ['by the prompt', () => traced({ prompt: 'algebra' }, tutor), 'algebra  gen_ai.prompt.name=algebra'],
    ['by the function', () => traced({ project: 'school' }, tutor), 'tutor  openai.trace.project=school'],
    ['as a function, if that has no name', () => traced({}, (answer: unknown) => answer), 'function'],
    ['by the function, which stands alone', () => traced(tutor), 'tutor'],
    ['by the function, with the arguments of a callback', () => [tutor].map(untyped)[0] ?? tutor, 'tutor'],
    ['by the name after the function', () => untyped(tutor, 'lesson'), 'lesson'],
    [
      'by the options after the function',
      () => untyped(tutor, { prompt: 'algebra' }),
      'algebra  gen_ai.prompt.name=algebra',
    ],
    ['by the function, without options', () => untyped(null, tutor), 'tutor'],
    ['by the function, with wrong options', () => untyped(5, tutor), 'tutor'],
    ['by the function, if the options throw', () => untyped(hostile, tutor), 'tutor'],
  ])('runs the function, and names its span %s', async (_, wrap, span) => {
    const { expectTree } = await startTracedProgram();
    expect(wrap()(4)).toBe(4);
    await expectTree(span);
  });

  it('returns what it cannot trace, and warns once', () => {
    const warnings = collectWarnings();
    const untyped = traced as (...args: unknown[]) => unknown;
    expect([untyped('lesson', 5), untyped('lesson', null), untyped(5)]).toEqual([5, null, 5]);
    expect(warnings).toEqual([expect.stringContaining('traced ignored its argument')]);
  });

  it('preserves all visible properties of a function', async () => {
    await startTracedProgram();
    function add(this: { base: number }, a: number, b: number): number {
      return this.base + a + b;
    }
    const properties = Object.assign(add, { unit: 'm' });
    const seen = traced('add', properties);
    expect(seen.call({ base: 1 }, 2, 3)).toBe(6);
    expect([seen.length, seen.name, seen.unit]).toEqual([2, 'add', 'm']);
    function Tutor(this: { name: string }, name: string): void {
      this.name = name;
    }
    const Traced = traced('tutor', Tutor) as unknown as new (name: string) => object;
    expect(new Traced('Ada')).toBeInstanceOf(Tutor);
  });

  it('leaves a class as it is, with its private static members, and warns once', () => {
    const warnings = collectWarnings();
    // biome-ignore lint/complexity/noStaticOnlyClass: what is tested
    class Tutor {
      static #lessons = 0;
      static teach(): number {
        // biome-ignore lint/complexity/noThisInStatic: a decorated class is called by another name
        return ++this.#lessons;
      }
    }
    const untyped = traced as (...args: unknown[]) => unknown;
    const decorate = untyped('tutor') as typeof untyped;
    const seen = [untyped('tutor', Tutor), decorate(Tutor, { kind: 'class' }), untyped(Tutor)];
    expect(seen).toEqual(Array(3).fill(Tutor));
    expect((seen[0] as typeof Tutor).teach()).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('traced ignored a class')]);
  });

  it('returns the result of the function and rethrows its errors', async () => {
    const { telemetry } = await startTracedProgram();
    const result = { x: 1 };
    expect(traced('same', () => result)()).toBe(result);
    expect(span('same', (own) => own === trace.getActiveSpan())).toBe(true);
    await expect(traced('same', async () => result)()).resolves.toBe(result);
    const error = new TypeError('secret');
    const thrower = traced('broken', () => {
      throw error;
    });
    expect(thrower).toThrow(error);
    await expect(traced('broken', () => Promise.reject(error))()).rejects.toBe(error);
    await expect(span('broken', () => Promise.reject(error))).rejects.toBe(error);
    const broken = telemetry.spans.filter(({ name }) => name === 'broken');
    expect(broken.map(({ status, attributes }) => [status, attributes])).toEqual(
      Array(3).fill([{ code: 2 }, { 'error.type': 'TypeError' }]),
    );
    expect(telemetry.spans.flatMap(({ events }) => events)).toEqual([]);
  });

  it('ends with a result that nobody can look into', async () => {
    const { telemetry } = await startTracedProgram();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(traced('revoked', () => proxy)() === proxy).toBe(true);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['revoked']);
  });

  it('returns the same promise, with its own properties, for the same promise, and has a span for each call', async () => {
    const { expectTree } = await startTracedProgram();
    const cancel = (): void => undefined;
    const kept = Object.assign(Promise.resolve(1), { cancel });
    const load = traced('load', () => kept);
    const first = load();
    expect(load()).toBe(first);
    expect(first.cancel).toBe(cancel);
    await expect(first).resolves.toBe(1);
    expect(span('look', () => kept)).toBe(first);
    await first;
    const broken = Promise.reject(new TypeError('secret'));
    const fail = traced('fail', () => broken);
    await Promise.allSettled([fail(), fail()]);
    await expectTree(`
      load

      load

      look

      fail  !TypeError

      fail  !TypeError
    `);
  });

  it('returns the promises of openai unchanged', async () => {
    const { client, expectTree } = await startTracedProgram();
    const question = traced('ask', () => client.chat.completions.create(QUESTION));
    const { response } = await question().withResponse();
    expect(response.status).toBe(200);
    expect((await question()).choices).toHaveLength(1);
    expect(await question().finally(() => undefined)).toHaveProperty('choices');
    await expect(question().catch(() => undefined)).resolves.toHaveProperty('choices');
    await expectTree(Array(4).fill('ask\n└─ chat gpt-4o').join('\n\n'));
  });

  it('leaves promises of another class theirs, with a `catch` that takes more, and further methods', async () => {
    const { expectTree } = await startTracedProgram();
    /** Promises as those of Bluebird. */
    class Filtering<Value> extends Promise<Value> {
      override catch(...args: unknown[]): this {
        const [kind, handle = kind] = args as ((error: unknown) => Value)[];
        return this.then(undefined, (error: unknown) => {
          if (args.length > 1 && !(error instanceof (kind as never))) throw error;
          return handle?.(error);
        }) as unknown as this;
      }

      tap(look: (value: Value) => void): this {
        const looked = this.then((value) => {
          look(value);
          return value;
        });
        return looked as unknown as this;
      }
    }
    type Catching = Filtering<unknown> & { catch(...args: unknown[]): Catching };
    const find = traced('find', (fails: boolean) =>
      fails ? Filtering.reject(new RangeError('nobody')) : Filtering.resolve(1),
    ) as unknown as (fails: boolean) => Catching;
    expect(await find(true).catch(RangeError, () => 'nobody')).toBe('nobody');
    await expect(find(true).catch(TypeError, () => 'nobody')).rejects.toThrow(RangeError);
    expect(await find(true).catch(() => 'nobody')).toBe('nobody');
    const seen: unknown[] = [];
    const cleaned = find(false).finally(() => seen.push('finally')) as Catching;
    expect(await cleaned.tap((value) => seen.push(value))).toBe(1);
    expect(seen).toEqual(['finally', 1]);
    await expectTree([...Array(3).fill('find  !RangeError'), 'find'].join('\n\n'));
  });

  it.each<
    [string, (asked: ReturnType<OpenAI['chat']['completions']['create']>) => Promise<unknown>, unknown]
  >([
    ['the response', (asked) => asked.asResponse(), '"[Response]"'],
    ['the answer with its response', (asked) => asked.withResponse(), expect.stringContaining('"choices"')],
    ['the response, and then the answer', (asked) => asked.asResponse().then(() => asked), '"[Response]"'],
  ])('ends when its promise gives %s', async (_, take, output) => {
    const config = { captureMessageContent: 'SPAN_ONLY' } as const;
    const { client, telemetry } = await startTracedProgram(config, { content: true });
    const question = traced('ask', () => client.chat.completions.create(QUESTION));
    await take(question());
    expect(telemetry.openSpans).toEqual([]);
    const [span] = telemetry.spans.filter(({ name }) => name === 'ask');
    expect(span?.attributes['openai.trace.output']).toEqual(output);
  });

  it('fails when its promise has no response', async () => {
    const { client, simulator, expectTree } = await startTracedProgram();
    simulator.next({ status: 400 });
    const question = traced('ask', () => client.chat.completions.create(QUESTION));
    await expect(question().asResponse()).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expectTree(`
      ask                    !BadRequestError
      └─ chat gpt-4o    !BadRequestError
    `);
  });

  it('keeps no reference to a finished function', async () => {
    await startTracedProgram();
    const functions = defaultTelemetry()?.functions;
    const work = traced('work', async (fails: boolean) => {
      if (fails) throw new Error('fails');
    });
    const under = [work(false), work(true)];
    expect(functions?.size).toBe(2);
    await Promise.allSettled(under);
    span('at once', () => undefined);
    expect(functions?.size).toBe(0);
  });

  it('is not recorded after its instrumentation has been disabled', async () => {
    const { telemetry } = await startProgram();
    const instrumentation = new OpenAIInstrumentation();
    const work = traced('work', () => 1);
    work();
    instrumentation.disable();
    expect(work()).toBe(1);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['work']);
  });

  it('ends with the provider, also if the program instruments only single clients', async () => {
    const { telemetry } = await startProgram();
    void traced('work', () => new Promise(() => {}))();
    await telemetry.provider.shutdown();
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['work']);
  });

  it('never triggers a lazy promise that the program does not await', async () => {
    await startTracedProgram();
    let asked = 0;
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: what is tested
      then(done: (value: number) => void) {
        asked++;
        done(1);
      },
    };
    const result = traced('query', () => lazy)();
    expect(result).toBe(lazy);
    await Promise.resolve();
    expect(asked).toBe(0);
    await expect(result).resolves.toBe(1);
    expect(asked).toBe(1);
  });

  it('preserves unhandled rejections', async () => {
    await startTracedProgram();
    const error = new Error('lost');
    const unhandled = unhandledRejection();
    void traced('lost', () => Promise.reject(error))();
    expect(await unhandled).toBe(error);
  });

  it('creates no span while tracing is suppressed', async () => {
    const { telemetry } = await startTracedProgram();
    const result = context.with(suppressTracing(context.active()), () => [
      traced('quiet', (x: number) => x)(1),
      span('quiet', (own) => own.isRecording()),
    ]);
    expect(result).toEqual([1, false]);
    expect(telemetry.spans).toEqual([]);
  });
});

describe('a traced generator', () => {
  it('has one span until it ends, above its calls', async () => {
    const { client, expectTree, telemetry } = await startTracedProgram();
    const words = traced('words', async function* (model: string) {
      const stream = await client.chat.completions.create({ model, messages: [], stream: true });
      for await (const chunk of stream) yield chunk.choices[0]?.delta.content ?? '';
    });
    const heard: string[] = [];
    for await (const word of words('gpt-4o')) {
      expect(telemetry.openSpans).toContain('words');
      heard.push(word);
    }
    expect(heard.join('')).not.toBe('');
    await expectTree(`
      words
      └─ chat gpt-4o
    `);
  });

  it('is the same generator object', async () => {
    await startTracedProgram();
    function* count(to: number): Generator<number, string, string> {
      let last = '';
      for (let value = 1; value <= to; value++) last = yield value;
      return last;
    }
    const generator = traced('count', count)(2);
    expect(Object.getPrototypeOf(generator)).toBe(Object.getPrototypeOf(count(0)));
    expect(generator[Symbol.iterator]()).toBe(generator);
    expect([generator.next(), generator.next('a'), generator.next('b'), generator.next()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: 'b' },
      { done: true, value: undefined },
    ]);
    expect(Object.keys(generator)).toEqual([]);
  });

  it.each<[what: string, use: () => void | Promise<void>, tree: string]>([
    [
      'ends its span when it is left early',
      () => {
        const count = traced('count', function* () {
          yield* [1, 2, 3];
        });
        for (const value of count()) if (value === 2) break;
      },
      'count',
    ],
    [
      'fails when it throws',
      async () => {
        const count = traced('count', async function* () {
          yield 1;
          throw new RangeError('too much');
        });
        await expect(Array.fromAsync(count())).rejects.toThrow('too much');
      },
      'count  !RangeError',
    ],
    [
      'fails when its reader throws an error into it',
      () => {
        const count = traced('count', function* () {
          yield 1;
          yield 2;
        });
        const numbers = count();
        numbers.next();
        expect(() => numbers.throw(new RangeError('enough'))).toThrow('enough');
      },
      'count  !RangeError',
    ],
    [
      'runs in the context of its span; its consumer does not',
      () => {
        const count = traced('count', function* () {
          span('counting', () => undefined);
          yield 1;
        });
        for (const _ of count()) span('reading', () => undefined);
      },
      'count\n└─ counting\n\nreading',
    ],
  ])('%s', async (_, use, tree) => {
    const { expectTree } = await startTracedProgram();
    await use();
    await expectTree(tree);
  });
});

it('a name that a program builds from a long text is cut', async () => {
  const { telemetry } = await startTracedProgram();
  traced('x'.repeat(5_000), () => undefined)();
  span('x'.repeat(5_000), () => undefined);
  expect(telemetry.spans.map(({ name }) => name.length)).toEqual([1_024, 1_024]);
});

describe('an object that several calls return', () => {
  const OFTEN = 20_000;

  it('is watched once, by the first call, until its end', async () => {
    const { telemetry } = await startTracedProgram();
    function* numbers(): Generator<number> {
      yield 1;
      span('made on the way', () => undefined);
      yield 2;
    }
    const queue = numbers();
    const queueOf = traced('queue', () => queue);
    for (let call = 0; call < OFTEN; call++) queueOf();
    expect(telemetry.openSpans.length).toBeLessThan(1_000);
    expect([...queue]).toEqual([1, 2]);
    expect(telemetry.openSpans).toEqual([]);
    expect(telemetry.spans).toHaveLength(OFTEN + 1);
    const below = telemetry.spans.find(({ name }) => name === 'made on the way')?.parentSpanContext;
    const [first] = telemetry.spans.filter(({ name }) => name === 'queue').sort(byStart);
    expect(below?.spanId).toBe(first?.spanContext().spanId);
  });

  it('may be returned any number of times', async () => {
    const { telemetry } = await startTracedProgram();
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: what is tested
      then: (done: (value: number) => void) => done(1),
    };
    const query = traced('query', () => lazy);
    for (let call = 0; call < OFTEN; call++) query();
    await expect(lazy).resolves.toBe(1);
    expect(telemetry.openSpans).toEqual([]);
    expect(telemetry.spans).toHaveLength(OFTEN);
  });

  it('is not watched if it is frozen', async () => {
    const { telemetry } = await startTracedProgram();
    const frozen = Object.freeze([1, 2].values());
    expect([...traced('frozen', () => frozen)()]).toEqual([1, 2]);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['frozen']);
  });

  it('ends the spans of all these calls', async () => {
    const { expectTree } = await startTracedProgram();
    const inner = traced('inner', function* () {
      yield 1;
      throw new RangeError('too much');
    });
    const numbers = traced('outer', inner)();
    expect(() => [...numbers]).toThrow('too much');
    await expectTree(`
      outer     !RangeError
      └─ inner  !RangeError
    `);
  });
});

function byStart(a: ReadableSpan, b: ReadableSpan): number {
  return a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1];
}

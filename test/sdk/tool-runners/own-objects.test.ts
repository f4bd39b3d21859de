import type OpenAI from 'openai';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../../support/program.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram();
});

const PARAMETERS = { type: 'object', properties: {} };
const MESSAGES = [{ role: 'user' as const, content: 'Look.' }];

type Params = Parameters<OpenAI['chat']['completions']['runTools']>[0];

/** What the program is left with, and what it sends, without us and with us. */
async function runTwice(make: () => { params: unknown; left?: () => unknown }): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const client of [program.plain, program.client]) {
    const sent = program.simulator.requests.length;
    const { params, left } = make();
    const content = await client.chat.completions
      .runTools(params as Params)
      .finalContent()
      .catch((error: unknown) => String(error));
    const requests = program.simulator.requests.slice(sent).map(({ body }) => JSON.stringify(body));
    outcomes.push({
      content: String(content).replace(/\d+/g, ''),
      left: left?.(),
      sent: requests.map((body) => body.replace(/_\d+/g, '')),
    });
  }
  return outcomes;
}

function paramsOf(definition: unknown): unknown {
  return { model: 'gpt-4o-mini', messages: MESSAGES, tools: [{ type: 'function', function: definition }] };
}

/** Keeps its state where only its own methods get at it, and counts what is read. */
class Counter {
  readonly #schema = PARAMETERS;
  #calls: unknown[] = [];
  reads = 0;
  description = 'Counts.';
  get name(): string {
    this.reads++;
    return 'count';
  }
  get parameters(): unknown {
    return this.#schema;
  }
  get calls(): unknown {
    return [...this.#calls];
  }
  parse(text: string): unknown {
    this.#calls.push(text);
    return JSON.parse(text);
  }
  function(args: unknown): string {
    this.#calls.push(args);
    return `${this.#calls.length} calls`;
  }
}

const TREE = `
  invoke_workflow runTools
  ├─ chat gpt-4o-mini
  ├─ execute_tool count
  └─ chat gpt-4o-mini
`;

describe("runTools works on the program's own objects", () => {
  it('calls methods and reads accessors of the given tool, just as often', async () => {
    const [plain, observed] = await runTwice(() => {
      const counter = new Counter();
      return { params: paramsOf(counter), left: () => [counter.calls, counter.reads] };
    });
    expect(observed).toEqual(plain);
    expect(plain).toMatchObject({ left: [[expect.any(String), expect.any(Object)], expect.any(Number)] });
    await program.expectTree(TREE);
  });

  it('calls the current function of a tool', async () => {
    const [plain, observed] = await runTwice(() => {
      const calls: string[] = [];
      const definition = {
        name: 'count',
        parameters: PARAMETERS,
        function: () => 'never',
        get description() {
          this.function = () => String(calls.push('replaced'));
          return 'Counts.';
        },
      };
      return { params: paramsOf(definition), left: () => calls };
    });
    expect(observed).toEqual(plain);
    expect(plain).toMatchObject({ left: ['replaced'] });
    await program.expectTree(TREE);
  });

  it('finds the parameters wherever an object has them', async () => {
    class Params {
      readonly model = 'gpt-4o-mini';
      readonly #messages = MESSAGES;
      readonly #tools = [{ type: 'function', function: new Counter() }];
      get messages(): unknown {
        return this.#messages;
      }
      get tools(): unknown {
        return this.#tools;
      }
    }
    const [plain, observed] = await runTwice(() => ({ params: new Params() }));
    expect(observed).toEqual(plain);
    await program.expectTree(TREE);
  });

  it('accepts tools that are frozen, repeated, or without a function', async () => {
    const [plain, observed] = await runTwice(() => {
      const seen: unknown[] = [];
      const definition = Object.freeze({
        name: 'count',
        parameters: PARAMETERS,
        function(this: unknown) {
          seen.push(this === definition);
          return 'once';
        },
      });
      const tool = Object.freeze({ type: 'function', function: definition });
      const custom = {
        type: 'custom',
        custom: { name: 'grep' },
        toJSON: () => ({ type: 'custom', custom: { name: 'find' } }),
      };
      const tools = Object.freeze([tool, tool, custom]);
      return {
        params: Object.freeze({ temperature: 0, tools, model: 'gpt-4o-mini', messages: MESSAGES }),
        left: () => seen,
      };
    });
    expect(observed).toEqual(plain);
    expect(plain).toMatchObject({ left: [true] });
    await program.expectTree(TREE);
  });

  it.each([{}, { stream: true }])('accepts tools that are made from a schema, with %o', async (more) => {
    const [plain, observed] = await runTwice(() => {
      class Tool {
        readonly type = 'function';
        readonly function = { name: 'count', parameters: PARAMETERS, strict: true };
        readonly #seen: unknown[] = [];
        get $brand(): string {
          return 'auto-parseable-tool';
        }
        get seen(): unknown {
          return this.#seen;
        }
        $parseRaw(text: string): unknown {
          if (this instanceof Tool) this.#seen.push('parsed');
          return JSON.parse(text);
        }
        get $callback(): unknown {
          const seen = this.#seen;
          return function (this: unknown, args: unknown) {
            seen.push(Object.keys(this as object), args);
            return 'once';
          };
        }
      }
      const tool = new Tool();
      return {
        params: { model: 'gpt-4o-mini', messages: MESSAGES, tools: [tool], ...more },
        left: () => tool.seen,
      };
    });
    expect(observed).toEqual(plain);
    expect(plain).toMatchObject({ content: expect.not.stringContaining('Error') });
    await program.expectTree(TREE);
  });

  it('gives a function the same receiver and arguments', async () => {
    const [plain, observed] = await runTwice(() => {
      const left: unknown[] = [];
      const look = function (this: unknown, ...args: unknown[]): string {
        left.push([typeof this, args.length, args[0], args[1]?.constructor.name]);
        return 'seen';
      };
      return {
        params: paramsOf({ name: 'count', parameters: PARAMETERS, function: look }),
        left: () => left,
      };
    });
    expect(observed).toEqual(plain);
    expect(plain).toMatchObject({ left: [expect.any(Array)] });
  });

  const getPrototypeOf = (): never => {
    throw new Error('not yours');
  };
  it.each<[string, () => unknown]>([
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    ['a thenable', () => ({ then: (done: (value: string) => void) => void done('answered') })],
    ['a proxy that hides its class', () => new Proxy({ count: 'answered' }, { getPrototypeOf })],
  ])('accepts %s as the result', async (_, answer) => {
    const [plain, observed] = await runTwice(() => ({
      params: paramsOf({ name: 'count', parameters: PARAMETERS, function: answer }),
    }));
    expect(observed).toEqual(plain);
    expect(JSON.stringify(plain)).toContain('answered');
    await program.expectTree(TREE);
  });
});

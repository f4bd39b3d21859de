/**
 * Holds conversations in a process of its own (`node --expose-gc`) and prints as JSON what is left of them: with `heap`
 * how much memory 6,500 of them keep over 3,000, with `lifetime` the same by the default bounds when more than a day
 * has passed, with `requests` which requests, answers, and stores of `AsyncLocalStorage`, are kept while their
 * conversations are open, with `clients` how much memory 4,000 clients with settings of their own keep that nobody
 * uses any more over 1,000, and whether what one of them has open is ended with the provider all the same, with
 * `promises` how many more bytes a promise of a result keeps if its client is instrumented.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI, withConversation } from '../../../src/client.ts';
import { answer } from './api.ts';
import { bytesOfObjects } from './objects.ts';

/** Reached long before the first look: what is remembered of conversations that are over is bounded by it. */
const REMEMBERED = 100;
/** Until what evaluations may be about is full, too. */
const FIRST = 3_000;
const ALL = 6_500;
/** Tables of weak keys grow with what is made between two collections, and never shrink. */
const COLLECT_EVERY = 500;
const FEWEST_ROUNDS = 10;
const MOST_ROUNDS = 100;

let openSpans = 0;
const count = {
  onStart: () => void openSpans++,
  onEnd: () => void openSpans--,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const provider = new TracerProvider({ spanProcessors: [count] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager());

const [, , wanted] = process.argv;
const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: answer }), {
  cost: false,
  ...(wanted === 'lifetime' ? {} : { maxConversations: REMEMBERED }),
  conversationIdleTimeout: 600_000,
});
const { threads, agents } = client.beta;

/** Told of every body that a program hands to the SDK, and of answers. */
let watch: (body: object) => void = () => undefined;

function watched<Body extends object>(body: Body): Body {
  watch(body);
  return body;
}

const asked = () =>
  watched({ model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is x?' }] });

const CONVERSATIONS: Readonly<Record<string, (index: number) => Promise<unknown>>> = {
  async threads() {
    const { id } = await threads.create(
      watched({ messages: [{ role: 'user' as const, content: 'What is x?' }] }),
    );
    const run = await threads.runs.create(id, watched({ assistant_id: 'asst_1' }));
    await threads.runs.retrieve(run.id, watched({ thread_id: id }));
  },
  async responses() {
    const { id } = await client.conversations.create(watched({}));
    await client.responses.create(watched({ model: 'gpt-4o-mini', input: 'What is x?', conversation: id }));
  },
  async sessions() {
    const { id } = await agents.sessions.create(
      watched({ agent_id: 'agent_1', environment: { type: 'none' } }),
    );
    const text = { type: 'input_text' as const, text: 'What is x?' };
    const event = {
      type: 'agent.session.input.message' as const,
      input: [{ role: 'user' as const, content: [text] }],
    };
    await agents.sessions.events.create(id, watched({ events: [event] }));
    await agents.sessions.retrieve(id);
  },
  histories: (index) => withConversation(`chat-${index}`, () => client.chat.completions.create(asked())),
  async 'streams that are left'() {
    const stream = await client.chat.completions.create({ ...asked(), stream: true });
    for await (const _ of stream) break;
  },
  async 'streams that are never read'() {
    await client.chat.completions.create({ ...asked(), stream: true });
  },
};
const KINDS = Object.values(CONVERSATIONS);

async function converse(from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    await inSpan(() => KINDS[index % KINDS.length]?.(index));
    if (index % COLLECT_EVERY === 0) gc?.();
  }
}

function inSpan(run: () => Promise<unknown> | undefined): Promise<void> {
  return trace.getTracer('program').startActiveSpan('request', async (span: Span) => {
    await run();
    span.end();
  });
}

/** Collects until nothing is open any more that is over, or it never will be. */
async function collect(mostRounds: number): Promise<void> {
  for (let round = 0; round < mostRounds && (round < FEWEST_ROUNDS || openSpans > 0); round++) {
    await provider.forceFlush();
    gc?.();
    await nextTurn();
  }
}

async function kept(): Promise<number> {
  await collect(MOST_ROUNDS);
  return bytesOfObjects();
}

/** Longer than a conversation is remembered that nobody uses, and then longer than its totals are. */
const LATER = [7_200_000, 90_000_000];

async function passTime(all: readonly number[]): Promise<void> {
  for (const milliseconds of all) {
    for (const clock of [performance, Date]) {
      const before = clock.now.bind(clock);
      clock.now = () => before() + milliseconds;
    }
    await collect(FEWEST_ROUNDS);
  }
}

async function heap(later: readonly number[]): Promise<object> {
  await converse(0, FIRST);
  await passTime(later);
  const first = await kept();
  const openAtFirst = openSpans;
  await converse(FIRST, ALL);
  await passTime(later);
  const all = await kept();
  return { difference: all - first, openSpans: [openAtFirst, openSpans] };
}

const IN_PROGRESS: typeof CONVERSATIONS = {
  async 'runs in progress'() {
    const { id } = await threads.create();
    await threads.runs.create(id, watched({ assistant_id: 'asst_1' }));
  },
  async 'background responses in progress'() {
    const asked = watched({ model: 'gpt-4o-mini', input: 'What is x?', background: true });
    watched(await client.responses.create(asked));
  },
};

/** Without a span of the program, so that conversations stay open; within a request of a server. */
async function requests(): Promise<object> {
  const keptOf: Record<string, number> = {};
  for (const [name, run] of Object.entries({ ...CONVERSATIONS, ...IN_PROGRESS })) {
    const bodies: WeakRef<object>[] = [];
    watch = (body) => void bodies.push(new WeakRef(body));
    await new AsyncLocalStorage().run(watched({}), () => run(0));
    await collect(FEWEST_ROUNDS);
    keptOf[name] = bodies.filter((body) => body.deref() !== undefined).length;
  }
  return { kept: keptOf, openSpans };
}

/** Each has options written down where it is made. */
function newClient(): OpenAI {
  return instrumentOpenAI(new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: answer }), { cost: false });
}

async function clients(): Promise<object> {
  const use = async (count: number): Promise<number> => {
    for (let made = 0; made < count; made++) {
      await newClient().chat.completions.create(asked());
      // What is weakly held cannot be collected before the turn is over.
      await nextTurn();
      if (made % COLLECT_EVERY === 0) gc?.();
    }
    return kept();
  };
  const first = await use(1_000);
  const difference = (await use(3_000)) - first;
  await newClient().beta.threads.create(watched({}));
  await collect(FEWEST_ROUNDS);
  const open = openSpans;
  await provider.shutdown();
  return { difference, openSpans: [open, openSpans] };
}

/** How many more bytes each promise keeps than one of a client that is not instrumented. */
async function promises(): Promise<object> {
  const count = 2_000;
  const hold = async (caller: OpenAI): Promise<number> => {
    const before = await kept();
    const held: unknown[] = [];
    for (let made = 0; made < count; made++) {
      const promise = caller.chat.completions.create(asked());
      held.push(promise);
      await promise;
    }
    const after = await kept();
    // Until here.
    held.length = 0;
    return after - before;
  };
  const plain = new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: answer });
  const instrumented = newClient();
  // Whatever is made once is made now, what evaluations may be about included.
  for (const caller of [plain, instrumented]) await hold(caller);
  return { bytes: ((await hold(instrumented)) - (await hold(plain))) / count };
}

const LOOKS: Readonly<Record<string, () => Promise<object>>> = {
  heap: () => heap([]),
  lifetime: () => heap(LATER),
  requests,
  clients,
  promises,
};

console.log(JSON.stringify(await LOOKS[wanted ?? '']?.()));

import type OpenAI from 'openai';
import type { Api } from '../../bench/api/answer.ts';
import { askInThread, assistantsApi } from '../../bench/cases/assistants.ts';
import { STREAMED, streamApi } from '../../bench/cases/streams.ts';
import type { OpenAIInstrumentationConfig } from '../../src/config/config.ts';
import type { ScriptedTime } from '../support/scripted-time.ts';
import type { Finding } from './measure.ts';

/** What a scenario works with. */
export interface Stage {
  readonly client: OpenAI;
  readonly time: ScriptedTime;
  inSpan<Result>(run: () => Promise<Result>): Promise<Result>;
  /** Calls of functions of this package. */
  callsOf(run: () => Promise<void>): Promise<number>;
  /** Bytes on the heap that are in use. */
  kept(): Promise<number>;
  /** Spans that are open. */
  open(): number;
}

export interface Scenario {
  readonly api: () => Api;
  readonly config?: OpenAIInstrumentationConfig;
  run(stage: Stage, size: number): Promise<Finding>;
}

const NEVER = Number.MAX_SAFE_INTEGER;
const MINUTE = 60_000;
const MINUTES_OF_A_DAY = 24 * 60;
const FEW = 20;
const CONVERSATIONS = 500;

/** What a program keeps for good it keeps each time; what a map or the engine makes room for, only once. */
async function growthOf(kept: Stage['kept'], run: () => Promise<void>): Promise<number> {
  const before = await kept();
  await run();
  const between = await kept();
  await run();
  return Math.min(between - before, (await kept()) - between);
}

/** Calls for one poll of each run, with so many runs in progress. */
async function polledRuns(
  { client, inSpan, callsOf, kept, open, time }: Stage,
  size: number,
): Promise<Finding> {
  const { threads } = client.beta;
  const runs: { readonly id: string; readonly thread_id: string }[] = [];
  const start = async (count: number): Promise<void> => {
    while (runs.length < count) {
      const thread = await threads.create();
      runs.push(await threads.runs.create(thread.id, { assistant_id: 'asst_1' }));
    }
  };
  const poll = (): Promise<unknown> =>
    Promise.all(runs.map(({ id, thread_id }) => threads.runs.retrieve(id, { thread_id })));
  const finding = await inSpan(async () => {
    await start(FEW);
    await poll();
    const few = (await callsOf(async () => void (await poll()))) / FEW;
    await start(size);
    await poll();
    const growth = await growthOf(kept, async () => {
      for (let again = 0; again < 5; again++) await poll();
    });
    const many = (await callsOf(async () => void (await poll()))) / size;
    const openAtMost = open();
    time.advance(20 * MINUTE);
    await readsAreOver(time);
    return { few, many, openAtMost, growth };
  });
  return { ...finding, openAtEnd: open() };
}

/** Calls for one chunk of each stream, with so many streams open. */
async function openStreams({ client, callsOf, kept, open }: Stage, size: number): Promise<Finding> {
  const iterators: AsyncIterator<unknown>[] = [];
  const start = async (count: number): Promise<void> => {
    while (iterators.length < count) {
      const stream = await client.chat.completions.create({ ...STREAMED });
      iterators.push(stream[Symbol.asyncIterator]());
    }
  };
  const readOne = async (): Promise<void> => {
    await Promise.all(iterators.map((iterator) => iterator.next()));
  };
  await start(FEW);
  await readOne();
  const few = (await callsOf(readOne)) / FEW;
  await start(size);
  await readOne();
  const growth = await growthOf(kept, async () => {
    for (let again = 0; again < 5; again++) await readOne();
  });
  const many = (await callsOf(readOne)) / size;
  const openAtMost = open();
  await Promise.all(iterators.map((iterator) => iterator.return?.()));
  return { few, many, openAtMost, openAtEnd: open(), growth };
}

/** Calls for one new thread, while fewer are remembered than may be and when each makes another one give way. */
async function trackedThreads({ client, callsOf, kept, open, time }: Stage, size: number): Promise<Finding> {
  let openAtMost = 0;
  const make = async (count: number): Promise<void> => {
    for (let made = 0; made < count; made++) {
      const { id } = await client.beta.threads.create();
      await client.beta.threads.messages.create(id, { role: 'user', content: 'Is two a prime number?' });
      openAtMost = Math.max(openAtMost, open());
    }
  };
  await make(FEW);
  const few = (await callsOf(() => make(FEW))) / FEW;
  await make(2 * CONVERSATIONS);
  const growth = await growthOf(kept, () => make(size - 2 * CONVERSATIONS));
  const many = (await callsOf(() => make(FEW))) / FEW;
  time.advance(20 * MINUTE);
  await readsAreOver(time);
  return { few, many, openAtMost, openAtEnd: open(), growth };
}

/** So many rounds of traffic, spread over a day: a run that is read to its end, and one that nobody asks about again. */
async function wholeDay(
  { client, callsOf, kept, open, time, inSpan }: Stage,
  size: number,
): Promise<Finding> {
  let openAtMost = 0;
  const round = async (): Promise<void> => {
    await askInThread(client);
    await inSpan(() => askInThread(client));
    const { id } = await client.beta.threads.create();
    await client.beta.threads.runs.create(id, { assistant_id: 'asst_1' });
    openAtMost = Math.max(openAtMost, open());
    time.advance((MINUTES_OF_A_DAY / size) * MINUTE);
  };
  const rounds = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done++) await round();
  };
  // After two hours all that has a lifetime has come and gone for the first time.
  await rounds(Math.ceil(size / 12));
  const few = (await callsOf(() => rounds(FEW))) / FEW;
  const before = await kept();
  await rounds(size - Math.ceil(size / 12) - 2 * FEW);
  const growth = (await kept()) - before;
  const many = (await callsOf(() => rounds(FEW))) / FEW;
  time.advance(20 * MINUTE);
  await readsAreOver(time);
  return { few, many, openAtMost, openAtEnd: open(), growth };
}

/** Before a run is given up, the API is asked for its end; its thread ends a while after that. */
async function readsAreOver(time: ScriptedTime): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
  time.advance(MINUTE);
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'polled runs': { api: () => assistantsApi(NEVER), run: polledRuns },
  'open streams': { api: streamApi(80), run: openStreams },
  'tracked threads': {
    api: () => assistantsApi(),
    config: { maxConversations: CONVERSATIONS, conversationIdleTimeout: NEVER },
    run: trackedThreads,
  },
  // Few are remembered, so that two hours fill what has that bound.
  'a whole day': { api: () => assistantsApi(), config: { maxConversations: 20 }, run: wholeDay },
};

import { afterEach, describe, expect, it, vi } from 'vitest';
import { noticed } from '../../src/diagnostics/report.ts';
import { holdRequests } from '../support/hold-requests.ts';
import { forgetNotices } from '../support/process-state.ts';
import type { SessionOptions } from '../support/session.ts';
import type { RunScript, Simulator } from '../support/simulator/index.ts';
import { runAndListSteps, startTutor, type Tutor, treesFromNow } from '../support/tutor.ts';

// The tests advance the timers of the package.
vi.mock(import('../../src/util/timers.ts'), async (original) => ({
  ...(await original()),
  platformTimers: () => globalThis,
}));

afterEach(() => {
  vi.useRealTimers();
});

/** A program that has once listed the steps of a run that had ended; nothing is left of that run but its number. */
async function startLister(options: SessionOptions): Promise<Tutor> {
  const program = await startTutor({ ...options, runs: [{}, ...(options.runs ?? [])] });
  const { simulator, telemetry } = program;
  await program.inSpan(() => runAndListSteps(program));
  await telemetry.provider.forceFlush();
  const received = simulator.requests.length;
  return {
    ...program,
    simulator: {
      ...simulator,
      get requests() {
        return simulator.requests.slice(received);
      },
    },
    expectTree: treesFromNow(telemetry),
  };
}

function readsOf(simulator: Simulator): string[] {
  return simulator.requests.map(({ path }) => path).filter((path) => /steps|messages\?/.test(path));
}

/** A run whose thread the program has deleted. */
const DELETED_TREE = `
  program
  └─ thread
     ├─ invoke_agent Math Tutor
     │  └─ chat gpt-4o-mini
     └─ DELETE /threads/{thread_id}
`;

function encodeWithoutLists(query: Record<string, unknown>): string {
  const isList = Object.values(query).some(Array.isArray);
  if (isList) throw new Error('Cannot stringify type object');
  return new URLSearchParams(query as Record<string, string>).toString();
}

const WITH_CONTENT = { config: { captureMessageContent: 'SPAN_ONLY' }, content: true } as const;

const FOUND = { file_id: 'file-1', file_name: 'algebra.md', score: 0.9, text: 'x = 1' };
const SEARCHING: RunScript = {
  steps: [{ tools: [{ fileSearch: { query: 'x', results: [FOUND] } }] }, { message: 'x is 1' }],
};

function documentsOf({ telemetry }: Pick<Tutor, 'telemetry'>): unknown {
  const search = telemetry.spans.find(({ name }) => name === 'execute_tool file_search');
  return search?.attributes['gen_ai.retrieval.documents'];
}

describe('the background read', () => {
  const LISTED = 'steps?limit=100&order=asc';
  const RESULTS = '&include[]=step_details.tool_calls[*].file_search.results[*].content';

  it.each<[string, object, SessionOptions, (threadId: string) => string[]]>([
    ['the steps', {}, {}, () => [LISTED]],
    [
      'also messages and search results, if content is recorded',
      {},
      WITH_CONTENT,
      (threadId) => [LISTED + RESULTS, `/v1/threads/${threadId}/messages?limit=20&order=desc`],
    ],
    [
      'them with a client that cannot encode lists, as in openai 4.56',
      { stringifyQuery: encodeWithoutLists },
      WITH_CONTENT,
      (threadId) => [LISTED + RESULTS, `/v1/threads/${threadId}/messages?limit=20&order=desc`],
    ],
  ])('requests %s once, after a run has ended', async (_, methods, options, pathsIn) => {
    const { client, simulator, threadId, ...program } = await startTutor({ ...options, runs: [{}] });
    Object.assign(client, methods);
    await program.inSpan(program.run);
    for (const _ of [1, 2]) await program.telemetry.provider.forceFlush();
    const runs = `/v1/threads/${threadId}/runs/run_000001/`;
    expect(readsOf(simulator).map((path) => decodeURIComponent(path).replace(runs, ''))).toEqual(
      pathsIn(threadId),
    );
    const headers = simulator.requests.find(({ path }) => path.includes('/steps'))?.headers;
    expect(headers).toMatchObject({ 'openai-beta': 'assistants=v2', authorization: 'Bearer sk-secret' });
  });

  it('requests the steps without search results from a server that rejects those', async () => {
    const tutor = await startTutor({ ...WITH_CONTENT, runs: [{}] });
    tutor.simulator.next({ when: { path: /steps.*include/ }, status: 400 });
    await tutor.inSpan(tutor.run);
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor
            └─ chat gpt-4o-mini
    `);
  });

  it.each([
    ['a stream reported everything', 'fetch', true],
    ['runSteps is observe', 'observe', false],
    ['runSteps is off', 'off', false],
  ] as const)('does not happen if %s', async (_, runSteps, stream) => {
    const { client, simulator, assistantId, threadId, ...program } = await startTutor({
      runs: [{}],
      config: { runSteps },
    });
    const { runs } = client.beta.threads;
    await program.inSpan(() =>
      stream ? program.stream() : runs.createAndPoll(threadId, { assistant_id: assistantId }),
    );
    await program.telemetry.provider.forceFlush();
    expect(readsOf(simulator)).toEqual([]);
  });

  it('happens after a stream without search results, if they are recorded', async () => {
    const { simulator, ...program } = await startTutor({ ...WITH_CONTENT, runs: [SEARCHING] });
    await program.inSpan(program.stream);
    await program.telemetry.provider.forceFlush();
    expect(readsOf(simulator)).toHaveLength(1);
    expect(documentsOf(program)).toContain('x = 1');
  });

  it('creates no span, and does not delay the program', async () => {
    const { simulator, ...program } = await startTutor({ runs: [{}] });
    simulator.next({ when: { path: /steps/ }, delayMs: 50 });
    await program.inSpan(program.run);
    expect(program.telemetry.spans.at(-1)?.name).toBe('program');
    expect(program.telemetry.openSpans).toEqual(['thread', 'invoke_agent Math Tutor']);
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor
            └─ chat gpt-4o-mini
    `);
  });

  it('has the steps of a thread that the program deletes before their list arrives', async () => {
    const steps = holdRequests('/steps', 'answered');
    const { client, threadId, ...program } = await startTutor({ runs: [{}], client: { fetch: steps.fetch } });
    await program.inSpan(async () => {
      await program.run();
      await steps.held;
      await client.beta.threads.delete(threadId);
      expect(program.telemetry.openSpans).toContain('thread');
      steps.release();
      await vi.waitFor(() => expect(program.telemetry.openSpans).toEqual(['program']));
    });
    await program.expectTree(DELETED_TREE);
  });

  it('does not take deleted threads for a server without steps', async () => {
    let steps = holdRequests('/steps', 'unasked');
    const { client, assistantId, ...program } = await startTutor({
      runs: [{}, {}, {}, {}],
      client: { fetch: (url, init) => steps.fetch(url, init) },
    });
    const { threads } = client.beta;
    const ask = () => threads.createAndRunPoll({ assistant_id: assistantId }, { pollIntervalMs: 1 });
    for (let count = 0; count < 3; count++) {
      steps = holdRequests('/steps', 'unasked');
      const { thread_id } = await ask();
      await steps.held;
      await threads.delete(thread_id);
      steps.release();
      await program.telemetry.provider.forceFlush();
    }
    await program.inSpan(ask);
    const recorded = await program.flushed('chat gpt-4o-mini');
    expect(recorded).toHaveLength(1);
    expect(readsOf(program.simulator)).toHaveLength(4);
  });

  it('stops after three consecutive failures, and reports this once', async () => {
    const { simulator, ...program } = await startTutor({ runs: [{}, {}, {}, {}, {}] });
    for (let run = 0; run < 5; run++) {
      simulator.next({ when: { path: /steps/ }, status: 404 });
      await program.inSpan(program.run);
      await program.telemetry.provider.forceFlush();
    }
    expect(readsOf(simulator)).toHaveLength(3);
    expect(program.warnings.splice(0)).toEqual([expect.stringContaining('set runSteps to "observe"')]);
    const runs = program.ended('invoke_agent');
    expect(runs.every(({ attributes }) => Number(attributes['gen_ai.usage.input_tokens']) > 0)).toBe(true);
    expect(runs).toHaveLength(5);
  });

  it.each([
    ['whose length is told', { 'content-length': '4194305' }],
    ['whose length is not told', {}],
  ])('drops an answer of more than 4 MiB %s, and reports this once', async (_, headers) => {
    forgetNotices();
    const { client, assistantId, threadId, ...program } = await startTutor({ runs: [{}, {}] });
    let sent = 0;
    let cancelled = 0;
    const flooded = client.withOptions({
      fetch: async (url, init) => {
        if (!String(url).includes('/steps')) return fetch(url, init);
        const body = new ReadableStream({
          pull: (controller) => {
            sent++;
            controller.enqueue(new Uint8Array(65_536).fill(32));
          },
          cancel: () => void cancelled++,
        });
        return new Response(body, { headers: { 'content-type': 'application/json', ...headers } });
      },
    });
    for (let run = 0; run < 2; run++) {
      await program.inSpan(() =>
        flooded.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId }),
      );
      await program.telemetry.provider.forceFlush();
    }
    expect(cancelled).toBe(2);
    expect(sent).toBeLessThan(2 * 70);
    expect(program.warnings.splice(0)).toEqual([expect.stringContaining('4 MiB')]);
    const runs = program.ended('invoke_agent');
    expect(runs.every(({ attributes }) => Number(attributes['gen_ai.usage.input_tokens']) > 0)).toBe(true);
    expect(runs).toHaveLength(2);
  });
});

describe('what the program reads right after the end of a run', () => {
  const STEPS = '/v1/threads/thread_000001/runs/run_000002/steps';

  it.each([
    ['it was incomplete', { limit: 1 }, 200, '?limit=1', ''],
    ['the program received none', {}, 404, '', '  !NotFoundError'],
  ])('is requested again if %s', async (_, query, status, asked, error) => {
    const code = { tools: [{ codeInterpreter: { input: '1' } }] };
    const { simulator, ...program } = await startLister({ runs: [{ steps: [code, { message: 'x is 1' }] }] });
    if (status !== 200) simulator.next({ when: { path: /steps/ }, status });
    const failed = await program.inSpan(() =>
      runAndListSteps(program, query).then(
        () => false,
        () => true,
      ),
    );
    expect(failed).toBe(status === 404);
    await program.expectTree(`
      program
      └─ thread
         ├─ invoke_agent Math Tutor
         │  ├─ chat gpt-4o-mini                           openai.step.type=tool_calls
         │  ├─ execute_tool code_interpreter
         │  └─ chat gpt-4o-mini                           openai.step.type=message_creation
         └─ GET /threads/{thread_id}/runs/{run_id}/steps${error}
    `);
    expect(readsOf(simulator)).toEqual([STEPS + asked, `${STEPS}?limit=100&order=asc`]);
  });

  it('is requested again if search results were missing, and are recorded', async () => {
    const { client, simulator, threadId, ...program } = await startLister({
      ...WITH_CONTENT,
      runs: [SEARCHING],
    });
    await program.inSpan(async () => {
      const run = await program.run();
      await Promise.all([
        client.beta.threads.runs.steps.list(run.id, { thread_id: threadId }),
        client.beta.threads.messages.list(threadId),
      ]);
    });
    await program.telemetry.provider.forceFlush();
    const lists = readsOf(simulator).filter((path) => path.includes('/steps'));
    expect(lists.map((path) => path.split('&')[0])).toEqual([STEPS, `${STEPS}?limit=100`]);
    expect(documentsOf(program)).toContain('x = 1');
  });

  it('is awaited if the span of the program ends before it arrives', async () => {
    const { client, simulator, threadId, ...program } = await startLister({ runs: [{}] });
    let listed: PromiseLike<unknown> | undefined;
    await program.inSpan(async () => {
      const run = await program.run();
      listed = client.beta.threads.runs.steps.list(run.id, { thread_id: threadId }).then();
    });
    expect(program.telemetry.openSpans).toContain('invoke_agent Math Tutor');
    await listed;
    await program.expectTree(`
      program
      └─ thread
         ├─ invoke_agent Math Tutor
         │  └─ chat gpt-4o-mini
         └─ GET /threads/{thread_id}/runs/{run_id}/steps
    `);
    expect(readsOf(simulator)).toEqual([STEPS]);
  });
});

/** The steps of the first run, of a message each. */
function newSteps(thread_id: string, count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `step_${index}`,
    object: 'thread.run.step',
    run_id: 'run_000001',
    thread_id,
    type: 'message_creation',
    status: 'completed',
    created_at: 1_763_600_000 + index,
    step_details: { type: 'message_creation', message_creation: { message_id: `msg_${index}` } },
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  }));
}

it.each([
  [150, 150, undefined],
  [1_101, 1_000, 101],
  [2_101, 1_000, 1_000],
])('of %d steps, all are recorded, or how many are not', async (count, recorded, skipped) => {
  const tutor = await startTutor({ runs: [{}], mayLog: true });
  const steps = newSteps(tutor.threadId, count);
  for (let from = 0; from < count; from += 100) {
    const path = from === 0 ? /steps\?limit/ : new RegExp(`after=step_${from - 1}$`);
    const body = { object: 'list', data: steps.slice(from, from + 100), has_more: from + 100 < count };
    tutor.simulator.next({ when: { path }, body });
  }
  await tutor.inSpan(tutor.run);
  const chats = await tutor.flushed('chat');
  expect(new Set(chats.map(({ attributes }) => attributes['openai.step.id'])).size).toBe(recorded);
  const [run] = tutor.ended('invoke_agent');
  expect(run?.attributes['openai.skipped.steps']).toBe(skipped);
});

it.each([
  ['repeats its page', 1],
  ['ignores `after`', 2],
])('a list that never ends is read once more if the server %s', async (_, size) => {
  const { simulator, threadId, ...program } = await startTutor({ runs: [{}] });
  const data = newSteps(threadId, size);
  for (let page = 0; page < 20; page++)
    simulator.next({ when: { path: /steps\?limit/ }, body: { object: 'list', data, has_more: true } });
  await program.inSpan(program.run);
  await program.telemetry.provider.forceFlush();
  expect(readsOf(simulator)).toHaveLength(2);
  expect(program.ended('chat')).toHaveLength(size);
});

it('three reads that fail at the same moment cost the runs that end after them nothing', async () => {
  const steps = holdRequests('/steps', 'unasked');
  const { client, simulator, assistantId, ...program } = await startTutor({
    ...WITH_CONTENT,
    runs: [{}, {}, {}, {}],
    client: { fetch: steps.fetch },
  });
  for (let count = 0; count < 6; count++) simulator.next({ when: { path: /steps|messages\?/ }, status: 503 });
  const ask = () => client.beta.threads.createAndRunPoll({ assistant_id: assistantId });
  await Promise.all([ask(), ask(), ask()]);
  // All three have begun, and none has failed yet.
  steps.release();
  await program.telemetry.provider.forceFlush();
  await program.inSpan(ask);
  await program.telemetry.provider.forceFlush();
  expect(program.ended('chat')).toHaveLength(1);
});

describe('a run that ends while its server rests', () => {
  async function startResting(seconds: string): Promise<Tutor> {
    forgetNotices();
    const tutor = await startTutor({ runs: [{}, {}, {}, {}, {}], mayLog: true });
    const { simulator, telemetry } = tutor;
    for (let count = 0; count < 3; count++) {
      const headers = { 'retry-after': seconds };
      simulator.next({ when: { path: /steps/ }, status: 503, headers });
      await tutor.inSpan(tutor.run);
      await telemetry.provider.forceFlush();
    }
    return tutor;
  }

  it('waits for it, and has its steps then', async () => {
    const { simulator, ...program } = await startResting('2');
    await program.inSpan(program.run);
    expect(readsOf(simulator)).toHaveLength(3);
    expect(program.telemetry.openSpans).toContain('invoke_agent Math Tutor');
    await expect.poll(() => program.telemetry.openSpans, { timeout: 5_000 }).toEqual([]);
    expect(readsOf(simulator)).toHaveLength(4);
    const recorded = program.ended('chat');
    expect(recorded).toHaveLength(1);
  });

  it('is recorded without its steps by a flush, which does not wait for it, and is counted', async () => {
    const { simulator, ...program } = await startResting('60');
    for (let run = 0; run < 2; run++) {
      await program.inSpan(program.run);
      await program.telemetry.provider.forceFlush();
    }
    expect(readsOf(simulator)).toHaveLength(3);
    expect(program.telemetry.openSpans).toEqual([]);
    expect(program.warnings.filter((line) => line.includes('recorded without reading'))).toHaveLength(1);
    const counted = noticed().filter(({ code }) => code === 'reads_skipped');
    expect(counted).toHaveLength(1);
  });
});

it('a run that ends while the program keeps its server busy is recorded without its steps after a shorter runTimeout, and is counted', async () => {
  forgetNotices();
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  const { fetch, release } = holdRequests('/models', 'unasked');
  const { client, simulator, ...program } = await startTutor({
    config: { runTimeout: 3_000 },
    runs: [{}],
    client: { fetch },
    mayLog: true,
  });
  const busy = [1, 2, 3, 4].map(() => client.models.list().then());
  await program.run();
  const isOpen = (): boolean => program.telemetry.openSpans.includes('invoke_agent Math Tutor');
  vi.advanceTimersByTime(2_000);
  expect(isOpen()).toBe(true);
  vi.advanceTimersByTime(2_500);
  expect(isOpen()).toBe(false);
  release();
  await Promise.all(busy);
  await program.telemetry.provider.forceFlush();
  expect(readsOf(simulator)).toEqual([]);
  expect(noticed().filter(({ code }) => code === 'reads_skipped')).toHaveLength(1);
  const [run] = program.ended('invoke_agent Math Tutor');
  expect(run?.attributes['openai.run.status']).toBe('completed');
});

import { describe, expect, it, vi } from 'vitest';
import { startProgram } from '../support/program.ts';
import type { Answer, RunScript } from '../support/simulator/index.ts';
import { actionsOf, type Tutor } from '../support/tutor.ts';

const SEARCHING: RunScript = {
  steps: [{ tools: [{ fileSearch: { query: 'x', results: [] } }] }, { message: 'x is 1' }],
};

/** An assistant that another program has made, as is usual in production. */
async function startElsewhere(runs: readonly RunScript[], resources: object = {}): Promise<Tutor> {
  const program = await startProgram({ runs });
  const { plain } = program;
  const { id } = await plain.beta.assistants.create({ model: 'gpt-4o', name: 'Math Tutor', ...resources });
  const thread = await plain.beta.threads.create();
  return { ...program, ...actionsOf(program.client, id, thread.id) };
}

function assistantReads({ simulator }: Pick<Tutor, 'simulator'>): number {
  return simulator.requests.filter(({ method, path }) => method === 'GET' && path.includes('/assistants/'))
    .length;
}

describe('an assistant that was made elsewhere', () => {
  it.each<[string, Answer | undefined, number, string[]]>([
    ['once for several runs', undefined, 1, ['invoke_agent Math Tutor', 'invoke_agent Math Tutor']],
    ['once if it cannot be read', { status: 404 }, 1, ['invoke_agent', 'invoke_agent']],
    ['again after an error that passes', { status: 500 }, 2, ['invoke_agent', 'invoke_agent Math Tutor']],
    [
      'again if there was no answer',
      { break: 'before-headers' },
      2,
      ['invoke_agent', 'invoke_agent Math Tutor'],
    ],
  ])('is read for its name %s', async (_, answer, reads, names) => {
    const tutor = await startElsewhere([{}, {}]);
    const { simulator, telemetry } = tutor;
    if (answer !== undefined) simulator.next({ when: { path: /assistants/ }, ...answer });
    for (let run = 0; run < 2; run++) {
      await tutor.inSpan(tutor.run);
      await telemetry.provider.forceFlush();
    }
    expect(assistantReads(tutor)).toBe(reads);
    expect(tutor.ended('invoke_agent').map(({ name }) => name)).toEqual(names);
    expect(tutor.ended('chat gpt-4o')).toHaveLength(2);
  });

  it('is read once if several of its runs end at once, and all have its name', async () => {
    const tutor = await startElsewhere([{}, {}]);
    const { client, assistantId } = tutor;
    const { threads } = client.beta;
    await tutor.inSpan(() =>
      Promise.all([0, 1].map(() => threads.createAndRunPoll({ assistant_id: assistantId }))),
    );
    const runs = await tutor.flushed('invoke_agent');
    expect(runs.map(({ name }) => name)).toEqual(['invoke_agent Math Tutor', 'invoke_agent Math Tutor']);
    expect(assistantReads(tutor)).toBe(1);
  });

  it('names its run if the span above ends while the assistant is being read', async () => {
    const tutor = await startElsewhere([{}]);
    const { simulator, telemetry } = tutor;
    simulator.next({ when: { path: /assistants/ }, delayMs: 100 });
    await tutor.inSpan(async () => {
      await tutor.run();
      await vi.waitUntil(() => assistantReads(tutor) > 0);
    });
    await telemetry.provider.forceFlush();
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor
            └─ chat gpt-4o
    `);
  });
});

describe('the vector stores of a file search', () => {
  const storesIn = (...vector_store_ids: string[]) => ({ file_search: { vector_store_ids } });

  it.each<[string, string[], (tutor: Tutor) => Promise<unknown>]>([
    ['assistant', ['vs_assistant'], ({ run }) => run()],
    [
      'thread if it has any',
      ['vs_1', 'vs_2'],
      async ({ client, assistantId }) => {
        const { threads } = client.beta;
        const { id } = await threads.create({ tool_resources: storesIn('vs_1', 'vs_2') });
        await threads.runs.createAndPoll(id, { assistant_id: assistantId });
      },
    ],
    [
      'request if it names any',
      ['vs_request'],
      ({ client, assistantId }) =>
        client.beta.threads.createAndRunPoll({
          assistant_id: assistantId,
          tool_resources: storesIn('vs_request'),
        }),
    ],
  ])('are those of the %s, and the source of its run if there are no others', async (_, stores, run) => {
    const tutor = await startElsewhere([SEARCHING], { tool_resources: storesIn('vs_assistant') });
    await tutor.inSpan(() => run(tutor));
    const [search] = await tutor.flushed('execute_tool file_search');
    expect(search?.attributes['openai.file_search.vector_store_ids']).toEqual(stores);
    const [invocation] = tutor.ended('invoke_agent');
    // The run may also search in those of its assistant.
    const source = stores.includes('vs_assistant') ? 'vs_assistant' : undefined;
    expect(invocation?.attributes['gen_ai.data_source.id']).toBe(source);
  });
});

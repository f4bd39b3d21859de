import { expect, it } from 'vitest';
import { startTutor, type Tutor } from '../support/tutor.ts';

/** The API creates the run, but the program waits for the answer in vain, then finds the run and polls it. */
async function findAndPoll(tutor: Tutor, poll: (runId: string) => Promise<unknown>): Promise<void> {
  await expect(tutor.create()).rejects.toThrow('Request timed out.');
  const { data } = await tutor.client.beta.threads.runs.list(tutor.threadId);
  await poll(data[0]?.id ?? '');
}

function start(config: object): Promise<Tutor> {
  return startTutor({
    runs: [{ pollsPerStage: 1 }],
    config,
    client: {
      maxRetries: 0,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (init?.method === 'POST' && String(url).endsWith('/runs')) throw new TypeError('timed out');
        return answer;
      },
    },
  });
}

it('a run whose creation timed out is on no span, though the program finds and polls it', async () => {
  const tutor = await start({});
  await tutor.inSpan(() => findAndPoll(tutor, tutor.poll));
  await tutor.expectTree(`
    program
    └─ thread
       ├─ invoke_agent Math Tutor              !APIConnectionTimeoutError
       ├─ GET /threads/{thread_id}/runs
       ├─ GET /threads/{thread_id}/runs/{run_id}
       ├─ GET /threads/{thread_id}/runs/{run_id}
       ├─ GET /threads/{thread_id}/runs/{run_id}
       └─ GET /threads/{thread_id}/runs/{run_id}
  `);
});

it.each<[boolean | 'polled', (tutor: Tutor) => (id: string) => Promise<unknown>]>([
  [true, ({ poll }) => poll],
  [
    'polled',
    ({ client, threadId: thread_id }) =>
      async (id) => {
        const { runs } = client.beta.threads;
        while ((await runs.retrieve(id, { thread_id })).status !== 'completed');
      },
  ],
])('it is recorded with adoptRuns: %s', async (adoptRuns, poll) => {
  const tutor = await start({ adoptRuns });
  await tutor.inSpan(() => findAndPoll(tutor, poll(tutor)));
  await tutor.expectTree(`
    program
    └─ thread
       ├─ invoke_agent Math Tutor                !APIConnectionTimeoutError
       ├─ GET /threads/{thread_id}/runs
       ├─ GET /threads/{thread_id}/runs/{run_id}  openai.run.status=in_progress
       └─ invoke_agent Math Tutor  openai.run.status=completed
          └─ chat gpt-4o-mini
  `);
});

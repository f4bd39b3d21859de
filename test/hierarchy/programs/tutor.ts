import { serve } from '../../support/processes/serve.ts';

interface RunPath {
  readonly threadId: string;
  readonly runId: string;
}

/** A tutor that several processes run: each does some of these. */
export type TutorSteps = {
  ask(question: { assistantId: string; threadId: string; model: string }): Promise<string>;
  /** Until the run is over, or wants something; with a span of the worker's own, or none. */
  work(path: RunPath, span?: string): Promise<string>;
  answerTools(path: RunPath): Promise<string>;
  look(path: RunPath): Promise<string>;
};

await serve<TutorSteps>(({ client, inSpan }) => {
  const { runs } = client.beta.threads;
  return {
    ask: ({ assistantId, threadId, model }) =>
      inSpan('POST /ask', async () => {
        const run = await runs.create(threadId, { assistant_id: assistantId, model });
        return run.id;
      }),
    async work({ threadId, runId }, span) {
      const work = async (): Promise<string> => (await runs.poll(runId, { thread_id: threadId })).status;
      return span === undefined ? work() : inSpan(span, work);
    },
    answerTools: ({ threadId, runId }) =>
      inSpan('tools', async () => {
        const run = await runs.retrieve(runId, { thread_id: threadId });
        const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
        const outputs = calls.map(({ id }) => ({ tool_call_id: id, output: '42' }));
        const path = { thread_id: threadId, tool_outputs: outputs };
        return (await runs.submitToolOutputs(runId, path)).status;
      }),
    look: ({ threadId, runId }) =>
      inSpan('GET /answer', async () => (await runs.retrieve(runId, { thread_id: threadId })).status),
  };
});

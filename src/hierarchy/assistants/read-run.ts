import type { FactSink, Get, InvocationView } from '../dialect.ts';
import { listPages } from '../list-pages.ts';
import { readRun, readStep } from './objects.ts';
import { MAX_READ_MESSAGES, readMessagesOfRun } from './run-input.ts';

const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content';

/** Reads a run whose end was not seen. */
export async function readRunEnd(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = runPath(run);
  if (path === undefined) return;
  const snapshot = readRun(await get(path), { content: sink.content, known: true });
  if (snapshot !== undefined && snapshot.id === run.id) sink.invocation({ snapshot });
}

/**
 * Reads the steps of an ended run and, with consent, its messages, both at once. A run whose end was not seen is read
 * first. It skips what the program's own requests have shown meanwhile.
 */
export async function readRunDetails(run: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  if (isOpen(run)) await readRunEnd(run, get, sink);
  // The steps of an open run are not final yet.
  if (isOpen(run)) return false;
  const reads = run.isComplete ? [] : [readSteps(run, get, sink)];
  const knowsMessages = run.steps.knowsInput && run.steps.haveAnswers(run.snapshot?.usage);
  if (sink.content && !knowsMessages) reads.push(readNewestMessages(run, get, sink));
  const results = await Promise.allSettled(reads);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return false;
}

async function readSteps(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = runPath(run);
  const { id } = run;
  if (path === undefined || id === undefined) return;
  // The first version of the API rejects the field. openai 4.40 to 4.56 cannot encode a list in a query.
  const include = sink.content && get.version !== 'assistants=v1' ? { 'include[]': SEARCH_RESULTS } : {};
  const listed = await listPages(get, `${path}/steps`, { order: 'asc', ...include });
  const steps = listed.flatMap((value) => {
    const step = readStep(value, sink);
    return step?.invocationId === id ? [step] : [];
  });
  const ids = steps.map((step) => step.id);
  sink.order(id, ids, false);
  for (const step of steps) sink.step(step);
}

async function readNewestMessages(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const { conversationId } = run;
  if (conversationId === undefined) return;
  const path = `/threads/${encodeURIComponent(conversationId)}/messages`;
  readMessagesOfRun(await get(path, { limit: MAX_READ_MESSAGES, order: 'desc' }), run, sink);
}

function isOpen({ life }: InvocationView): boolean {
  return life.endTime === undefined;
}

function runPath({ id, conversationId }: InvocationView): string | undefined {
  return id === undefined || conversationId === undefined
    ? undefined
    : `/threads/${encodeURIComponent(conversationId)}/runs/${encodeURIComponent(id)}`;
}

import { arrayField, first, MAX_READ } from '../../util/payload.ts';
import type { FactSink, Get, InvocationView } from '../dialect.ts';
import { listPages } from '../list-pages.ts';
import { readRun, readStep, readThreadMessage } from './objects.ts';

const MAX_READ_MESSAGES = 100;
const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content';

/**
 * Reads the steps of an ended run and, with consent, its messages: the one or two requests that the instrumentation makes
 * itself. A run whose end was not seen is read first. It skips what the program's own requests have shown meanwhile.
 */
export async function readRunDetails(run: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  const { id, conversationId } = run;
  const { content } = sink;
  if (id === undefined || conversationId === undefined) return false;
  const thread = `/threads/${encodeURIComponent(conversationId)}`;
  const path = `${thread}/runs/${encodeURIComponent(id)}`;
  if (run.life.endTime === undefined) {
    const snapshot = readRun(await get(path), { content, known: true });
    if (snapshot?.id === id) sink.invocation({ snapshot });
    // Its steps are not final yet.
    if (isOpen(run)) return false;
  }
  // The first version of the API rejects the field.
  const include = content && get.version !== 'assistants=v1' ? { include: [SEARCH_RESULTS] } : {};
  const listed = await listPages(get, `${path}/steps`, {
    order: 'asc',
    ...include,
  });
  const steps = listed.flatMap((value) => {
    const step = readStep(value, { content });
    return step?.invocationId === id ? [step] : [];
  });
  const ids = steps.map((step) => step.id);
  sink.order(id, ids, false);
  for (const step of steps) sink.step(step);
  if (!content || run.complete) return false;
  const messages = await get(`${thread}/messages`, { limit: MAX_READ_MESSAGES, order: 'asc', run_id: id });
  for (const value of first(arrayField(messages, 'data'), MAX_READ)) {
    const message = readThreadMessage(value, { content });
    if (message?.invocationId === id && message.role === 'assistant') sink.message(message);
  }
  return false;
}

function isOpen({ life }: InvocationView): boolean {
  return life.endTime === undefined;
}

import { readWithClient } from '../../sdk/own-requests.ts';
import { now } from '../../util/clock.ts';
import { arrayField, first, MAX_READ } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import { readStep, readThreadMessage } from './objects.ts';

const MAX_READ_STEPS = 100;
const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content';

/**
 * Reads the steps of an ended run and, with consent, its messages: the one or two requests that the instrumentation makes
 * itself. It skips what the program's own requests have shown meanwhile.
 *
 * @param client the program's client
 * @throws the SDK's error
 */
export async function readRunDetails(
  invocation: Invocation,
  client: object,
  assistantsVersion: string,
): Promise<void> {
  const { id, conversationId } = invocation.snapshot ?? {};
  if (id === undefined || conversationId === undefined) return;
  const content = invocation.telemetry.wantsContent;
  const thread = `/threads/${encodeURIComponent(conversationId)}`;
  const searchResults = content && assistantsVersion !== 'assistants=v1';
  const steps = await readWithClient(
    client,
    `${thread}/runs/${encodeURIComponent(id)}/steps`,
    { limit: MAX_READ_STEPS, order: 'asc', ...(searchResults ? { include: [SEARCH_RESULTS] } : {}) },
    assistantsVersion,
  );
  const read = first(arrayField(steps, 'data'), MAX_READ).flatMap((value) => {
    const step = readStep(value, { content });
    return step?.invocationId === id ? [step] : [];
  });
  invocation.steps.seeOrder(read.map((step) => step.id));
  for (const step of read) invocation.seeStep(step, now(), false);
  if (!content || invocation.complete) return;
  const query = { limit: MAX_READ_STEPS, order: 'asc', run_id: id };
  const messages = await readWithClient(client, `${thread}/messages`, query, assistantsVersion);
  for (const value of first(arrayField(messages, 'data'), MAX_READ)) {
    const message = readThreadMessage(value, { content });
    if (message?.invocationId === id && message.role === 'assistant') invocation.seeMessage(message);
  }
}

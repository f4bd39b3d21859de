import { guardAsync } from '../util/guard.ts';
import { arrayField, field, numberField, stringField } from '../util/payload.ts';

/** The API answers with at most 16 MiB, and at most 4 MiB of a turn are recorded. */
const TURNS_PER_PAGE = 4;
const MAX_LISTED_TURNS = 10_000;
/** How the API may refuse a page that would be too large. */
const TOO_LARGE: readonly unknown[] = [400, 413];

/**
 * Records what OpenAI itself has recorded of the turns of an Agents API session: lists the session's traces with an
 * instrumented client, page by page. Each turn's trace comes below the span `invoke_agent` of the turn, if this process
 * has recorded that in the last 24 hours, or else gets a trace of its own. OpenAI publishes a trace some time after the
 * turn, and only for organizations that have enabled it. Each of OpenAI's spans is recorded once, however often you call
 * this. Never rejects: an error of the API is logged through `diag`.
 *
 * @returns the number of turns whose traces were listed
 */
export async function recordSessionTraces(client: object, sessionId: string): Promise<number> {
  const turns = new Set<string>();
  await guardAsync('listing the traces of a session', async () => {
    let limit = TURNS_PER_PAGE;
    // Some servers repeat a page or ignore `after`.
    for (let known = -1; turns.size > known && turns.size < MAX_LISTED_TURNS; ) {
      try {
        const page = await listPage(client, sessionId, { order: 'asc', limit, after: [...turns].at(-1) });
        known = field(page, 'has_more') === true ? turns.size : Number.POSITIVE_INFINITY;
        for (const turn of arrayField(page, 'data')) turns.add(stringField(turn, 'id') ?? '');
      } catch (error) {
        if (limit === 1 || !TOO_LARGE.includes(numberField(error, 'status'))) throw error;
        limit = 1;
      }
    }
  });
  return turns.size;
}

/** Any version of `openai` can make this request. It is observed like all requests of the client. */
function listPage(client: object, sessionId: string, query: object): Promise<unknown> {
  const get = field(client, 'get');
  if (typeof get !== 'function') throw new TypeError('the client has no get');
  const headers = { 'OpenAI-Beta': 'agents=v1' };
  return get.call(client, `/agents/sessions/${encodeURIComponent(sessionId)}/traces`, { query, headers });
}

import type OpenAI from 'openai';
import { json, missing, type Reply } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';

/** As many chunks as a store has in the simulator. */
const CHUNKS = 3;

/** The search of a vector store; whatever is asked for, the same chunks are found. */
export function vectorStoreRoutes(): readonly Route[] {
  return routeTable({
    'POST /vector_stores/{vector_store_id}/search': search,
  });
}

function search(call: Call): Reply {
  const body = call.body as OpenAI.VectorStores.VectorStoreSearchParams | null;
  if (body?.query === undefined) throw missing('query');
  const count = Math.min(body.max_num_results ?? 10, CHUNKS);
  const data = Array.from({ length: count }, (_, index) => ({
    file_id: `file-${index + 1}`,
    filename: `chapter-${index + 1}.md`,
    score: 0.9 - index / 10,
    attributes: {},
    content: [{ type: 'text', text: `What chapter ${index + 1} says.` }],
  }));
  return json({
    object: 'vector_store.search_results.page',
    search_query: [body.query].flat(),
    data,
    has_more: false,
    next_page: null,
  });
}

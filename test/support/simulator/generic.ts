import type OpenAI from 'openai';
import { RATE_LIMITS } from './chat.ts';
import { bytes, DONE, eventStream, json, type Reply } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { countTokens } from './tokens.ts';
import type { World } from './world.ts';

/** What the real small embedding model returns when no `dimensions` are asked for. */
const EMBEDDING_DIMENSIONS = 1536;

const EMPTY_LIST = { object: 'list', data: [], has_more: false, first_id: null, last_id: null };

/** Endpoints whose answers clients take apart, so that the generic one would not do. */
export function specialRoutes(): readonly Route[] {
  return routeTable({
    'POST /embeddings': embed,
    'POST /realtime/calls': () => bytes(Buffer.from('v=0')),
    'GET /vector_stores/{id}/files/{file_id}/content': () => json(EMPTY_LIST),
  });
}

function embed(call: Call): Reply {
  const body = call.body as OpenAI.EmbeddingCreateParams;
  const inputs = Array.isArray(body.input) && typeof body.input[0] !== 'number' ? body.input : [body.input];
  const prompt = countTokens(JSON.stringify(inputs));
  const data = inputs.map((_, index) => {
    const floats = vector(body.dimensions ?? EMBEDDING_DIMENSIONS, index);
    const embedding =
      body.encoding_format === 'base64' ? Buffer.from(floats.buffer).toString('base64') : [...floats];
    return { object: 'embedding', index, embedding };
  });
  const usage = { prompt_tokens: prompt, total_tokens: prompt };
  return json({ object: 'list', data, model: body.model, usage }, { headers: RATE_LIMITS });
}

/** Of length one, as the real ones are, and another one for each input. */
function vector(dimensions: number, index: number): Float32Array {
  const floats = new Float32Array(dimensions);
  floats[index % dimensions] = 1;
  return floats;
}

/** A plausible answer of any other endpoint, made from its method and path alone. */
export function genericAnswer(world: World, call: Call): Reply {
  const { literal, parameter, last } = takeApart(call.path);
  if (call.method === 'GET' && last === 'content') return bytes(Buffer.from('simulated content'));
  if (call.method === 'GET' && last === literal && isCollection(last)) return json(EMPTY_LIST);
  const object = singular(literal);
  const id = parameter ?? world.identifiers.next(`${object}_`);
  if (call.method === 'DELETE') return json({ id, object, deleted: true });
  // `output` and `data` are what the SDK walks through in answers of some endpoints.
  const created = { id, object, status: 'completed', created_at: world.clock.now(), output: [], data: [] };
  if (!(call.body as { stream?: boolean } | null)?.stream) return json(created);
  const events = ['created', 'completed'].map((moment) => {
    const type = `${object}.${moment}`;
    return { event: type, data: { type, [object]: created } };
  });
  return eventStream([...events, { data: DONE }]);
}

/** The last literal segment and the last parameter, told apart by where they stand: an id follows a collection. */
function takeApart(path: string): { literal: string; parameter: string | undefined; last: string } {
  let literal = '';
  let parameter: string | undefined;
  const segments = path.split('/').filter(Boolean);
  let previousIsCollection = false;
  for (const segment of segments) {
    const isParameter: boolean = previousIsCollection && !isCollection(segment);
    if (isParameter) parameter = decodeURIComponent(segment);
    else literal = segment;
    previousIsCollection = !isParameter && isCollection(segment);
  }
  return { literal, parameter, last: segments.at(-1) ?? '' };
}

function isCollection(segment: string): boolean {
  return /^[a-z_-]+s$/.test(segment);
}

function singular(literal: string): string {
  if (literal.endsWith('ies')) return `${literal.slice(0, -3)}y`;
  return literal.replace(/(?<=ch|sh|x)es$|s$/, '');
}

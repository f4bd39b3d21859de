import type OpenAI from 'openai';
import { RATE_LIMITS } from './chat.ts';
import { LiveResponse, type ResponseBody } from './live-response.ts';
import { page } from './pages.ts';
import { eventStream, json, missing, notFound, type Reply, RequestError } from './reply.ts';
import type { NumberedEvent } from './response-events.ts';
import { inputItems } from './response-items.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { countTokens } from './tokens.ts';
import type { World } from './world.ts';

/** The Responses API. What a response does is in its script; see `response-script.ts`. */
export function responseRoutes(world: World): readonly Route[] {
  const live = (call: Call): LiveResponse => world.response(call.parameter('response_id'));
  return routeTable({
    'POST /responses': (call) => create(world, call),
    'POST /responses/input_tokens': countInput,
    'POST /responses/compact': (call) => compact(world, call),
    'GET /responses/{response_id}': (call) => retrieve(live(call), call),
    'DELETE /responses/{response_id}': (call) => {
      const { id } = live(call);
      world.responses.delete(id);
      return json({ id, object: 'response', deleted: true });
    },
    'POST /responses/{response_id}/cancel': (call) => {
      const response = live(call);
      if (!response.background)
        throw new RequestError(400, 'Cannot cancel a synchronous response.', 'invalid_request');
      response.cancel();
      return json(response.object);
    },
    'GET /responses/{response_id}/input_items': (call) => json(page(live(call).input, call.query)),
  });
}

function create(world: World, call: Call): Reply {
  const body = call.body as ResponseBody | null;
  if (!body?.model && !body?.prompt && call.deployment === undefined) throw missing('model');
  const response = createResponse(world, body);
  if (!body?.stream) return json(response.object, { headers: RATE_LIMITS });
  response.finish();
  return stream(response.events);
}

/** The response to a body that came in a request or over a socket. */
export function createResponse(world: World, body: ResponseBody | null): LiveResponse {
  const conversation = conversationOf(world, body);
  const previous = body?.previous_response_id;
  if (previous && !world.responses.has(previous))
    throw new RequestError(
      400,
      `Previous response with id '${previous}' not found.`,
      'previous_response_not_found',
      'previous_response_id',
    );
  const input = inputItems(body?.input, world.identifiers);
  const response = new LiveResponse(world, body ?? {}, world.responseScripts.shift() ?? {}, input);
  if (body?.store !== false) world.responses.set(response.id, response);
  conversation?.items.push(...input, ...response.output);
  return response;
}

function conversationOf(
  world: World,
  body: ResponseBody | null,
): ReturnType<World['conversation']> | undefined {
  const conversation = body?.conversation;
  if (!conversation) return undefined;
  return world.conversation(typeof conversation === 'string' ? conversation : conversation.id);
}

/** Whole, a stage further; or as a stream, from where an earlier one was left. */
function retrieve(response: LiveResponse, { query }: Call): Reply {
  if (query.get('stream') !== 'true') {
    response.advance();
    return json(response.object);
  }
  response.finish();
  const after = Number(query.get('starting_after') ?? -1);
  return stream(response.events.filter((event) => event.sequence_number > after));
}

function stream(events: readonly NumberedEvent[]): Reply {
  return eventStream(
    events.map((data) => ({ event: data.type, data })),
    { headers: RATE_LIMITS },
  );
}

function countInput({ body }: Call): Reply {
  return json({ object: 'response.input_tokens', input_tokens: countTokens(JSON.stringify(body)) });
}

function compact(world: World, call: Call): Reply {
  const body = call.body as OpenAI.Responses.ResponseCompactParams | null;
  if (!body?.model) throw missing('model');
  const previous = body.previous_response_id;
  if (previous && !world.responses.has(previous)) throw notFound('response', previous);
  const prompt = countTokens(JSON.stringify(body.input ?? ''));
  return json({
    id: world.identifiers.next('resp_'),
    object: 'response.compaction',
    created_at: world.clock.now(),
    output: [
      ...inputItems(body.input, world.identifiers).filter((item) => item.role === 'user'),
      { id: world.identifiers.next('cmp_'), type: 'compaction', encrypted_content: 'simulated' },
    ],
    usage: {
      input_tokens: prompt,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 40,
      output_tokens_details: { reasoning_tokens: 16 },
      total_tokens: prompt + 40,
    },
  });
}

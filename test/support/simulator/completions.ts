import type OpenAI from 'openai';
import { RATE_LIMITS } from './chat.ts';
import { DONE, eventStream, json, missing, type Reply, type ServerSentEvent } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { countTokens, words } from './tokens.ts';
import type { World } from './world.ts';

type Body = OpenAI.CompletionCreateParams;

const TEXT = ' and this is how it goes on.';

/** Legacy completions, plain and streamed; with `max_tokens` below the length of the answer it is cut. */
export function completionRoutes(world: World): readonly Route[] {
  return routeTable({
    'POST /completions': (call) => complete(world, call),
  });
}

function complete(world: World, call: Call): Reply {
  const body = call.body as Body | null;
  if (!body?.model && call.deployment === undefined) throw missing('model');
  const prompts = Array.isArray(body?.prompt) && typeof body.prompt[0] === 'string' ? body.prompt.length : 1;
  const length = body?.max_tokens ?? words(TEXT).length;
  const text = words(TEXT).slice(0, length).join('');
  const choice = {
    text,
    logprobs: null,
    finish_reason: length < words(TEXT).length ? 'length' : 'stop',
  };
  const choices = Array.from({ length: prompts * (body?.n ?? 1) }, (_, index) => ({ index, ...choice }));
  const prompt = countTokens(JSON.stringify(body?.prompt ?? ''));
  const completion = choices.length * countTokens(text);
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  const common = {
    id: world.identifiers.next('cmpl-'),
    object: 'text_completion',
    created: world.clock.now(),
    model: `${body?.model ?? call.deployment}:20230824-v2`,
  };
  if (!body?.stream) return json({ ...common, choices, usage }, { headers: RATE_LIMITS });
  const chunk = (one: object[], spent?: object): ServerSentEvent => ({
    data: { ...common, choices: one, ...(body.stream_options?.include_usage && { usage: spent ?? null }) },
  });
  const events = choices.flatMap((one) => [
    ...words(text).map((piece) => chunk([{ ...one, text: piece, finish_reason: null }])),
    chunk([{ ...one, text: '' }]),
  ]);
  if (body.stream_options?.include_usage) events.push(chunk([], usage));
  return eventStream([...events, { data: DONE }], { headers: RATE_LIMITS });
}

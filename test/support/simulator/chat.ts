import type OpenAI from 'openai';
import { DONE, eventStream, json, missing, type Reply, type ServerSentEvent } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { sampleOf } from './sample.ts';
import { countTokens, tokens, words } from './tokens.ts';
import type { World } from './world.ts';

type Body = OpenAI.Chat.ChatCompletionCreateParams;
type Message = OpenAI.Chat.ChatCompletionMessage;
type ToolCall = OpenAI.Chat.ChatCompletionMessageToolCall;
type FinishReason = OpenAI.Chat.ChatCompletion.Choice['finish_reason'];

/** What the model says to everything that asks for text. */
const TEXT = 'This is a simulated answer.';

/** How many tokens a model that was asked to reason spends on it. */
const REASONING_TOKENS = 16;

export const RATE_LIMITS: Readonly<Record<string, string>> = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '200000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '199900',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '30ms',
};

/**
 * Chat completions, plain and streamed. The first tool is called unless the last message is a tool's, all of
 * them where `parallel_tool_calls` is asked for; a JSON
 * `response_format` is kept; `prompt_cache_key` makes half of the prompt cached; a `reasoning_effort` other than
 * `none` costs reasoning tokens.
 */
export function chatRoutes(world: World): readonly Route[] {
  return routeTable({
    'POST /chat/completions': (call) => complete(world, call),
  });
}

function complete(world: World, call: Call): Reply {
  const body = call.body as Body | null;
  if (!Array.isArray(body?.messages)) throw missing('messages');
  const common = {
    id: world.identifiers.next('chatcmpl-'),
    created: world.clock.now(),
    model: withDate(body.model ?? call.deployment ?? 'gpt-4o-mini'),
    service_tier: body.service_tier && body.service_tier !== 'auto' ? body.service_tier : 'default',
    system_fingerprint: 'fp_0000000001',
  };
  const messages = Array.from({ length: body.n ?? 1 }, () => answerTo(world, body));
  const usage = usageOf(body, messages);
  if (body.stream) return eventStream(chunks(common, body, messages, usage), { headers: RATE_LIMITS });
  const choices = messages.map((message, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: finishReason(message),
  }));
  return json({ ...common, object: 'chat.completion', choices, usage }, { headers: RATE_LIMITS });
}

/** Real answers name the dated snapshot of the model that was asked for. */
function withDate(model: string): string {
  return /\d{4}-\d{2}-\d{2}$/.test(model) ? model : `${model}-2024-07-18`;
}

function answerTo(world: World, body: Body): Message {
  const message: Message = { role: 'assistant', content: null, refusal: null, annotations: [] };
  const tools = chosenTools(body);
  if (tools.length === 0) return { ...message, content: textFor(body) };
  return { ...message, tool_calls: tools.map((tool) => callOf(tool, world.identifiers.next('call_'))) };
}

function callOf(tool: OpenAI.Chat.ChatCompletionTool, id: string): ToolCall {
  if (tool.type === 'custom')
    return { id, type: 'custom', custom: { name: tool.custom.name, input: 'simulated' } };
  const { name, parameters } = tool.function;
  return { id, type: 'function', function: { name, arguments: JSON.stringify(sampleOf(parameters)) } };
}

function chosenTools(body: Body): readonly OpenAI.Chat.ChatCompletionTool[] {
  if (body.tool_choice === 'none' || body.messages.at(-1)?.role === 'tool') return [];
  const choice = body.tool_choice;
  const name = typeof choice === 'object' && choice.type === 'function' ? choice.function.name : undefined;
  const chosen = (body.tools ?? []).filter(
    (tool) => name === undefined || (tool.type === 'function' && tool.function.name === name),
  );
  return body.parallel_tool_calls === true ? chosen : chosen.slice(0, 1);
}

function textFor({ response_format: format }: Body): string {
  if (format?.type === 'json_object') return JSON.stringify({ answer: TEXT });
  if (format?.type === 'json_schema') return JSON.stringify(sampleOf(format.json_schema.schema));
  return TEXT;
}

function finishReason(message: Message): FinishReason {
  return message.tool_calls ? 'tool_calls' : 'stop';
}

function usageOf(body: Body, messages: readonly Message[]): OpenAI.CompletionUsage {
  const prompt = countTokens(JSON.stringify(body.messages) + JSON.stringify(body.tools ?? ''));
  const reasons = (body.reasoning_effort ?? 'none') !== 'none';
  const reasoning = reasons ? REASONING_TOKENS : 0;
  const written = messages.map((message) =>
    countTokens(message.content ?? JSON.stringify(message.tool_calls)),
  );
  const completion = written.reduce((total, count) => total + count, reasoning);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: body.prompt_cache_key ? prompt >> 1 : 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chunks(common: object, body: Body, messages: readonly Message[], usage: object): ServerSentEvent[] {
  const withUsage = body.stream_options?.include_usage === true;
  const chunk = (choices: readonly object[], spent: object | null): ServerSentEvent => ({
    data: { ...common, object: 'chat.completion.chunk', choices, ...(withUsage && { usage: spent }) },
  });
  const events = messages.flatMap((message, index) =>
    deltas(message).map((delta) => chunk([{ index, logprobs: null, finish_reason: null, ...delta }], null)),
  );
  if (withUsage) events.push(chunk([], usage));
  return [...events, { data: DONE }];
}

/** One choice piece by piece: the role, the words or the tool call, and why it ended. */
function deltas(message: Message): readonly object[] {
  const opening = { role: 'assistant', content: message.tool_calls ? null : '', refusal: null };
  const pieces =
    message.tool_calls?.flatMap(toolDeltas) ?? words(message.content ?? '').map((content) => ({ content }));
  const ending = { delta: {}, finish_reason: finishReason(message) };
  return [...[opening, ...pieces].map((delta) => ({ delta })), ending];
}

function toolDeltas(call: ToolCall, index: number): readonly object[] {
  const { id, type } = call;
  if (type === 'custom') return [{ tool_calls: [{ index, id, type, custom: call.custom }] }];
  const { name, arguments: input } = call.function;
  const opening = { index, id, type, function: { name, arguments: '' } };
  const pieces = tokens(input).map((piece) => ({ index, function: { arguments: piece } }));
  return [opening, ...pieces].map((piece) => ({ tool_calls: [piece] }));
}

import type OpenAI from 'openai';
import { type NumberedEvent, responseEvents } from './response-events.ts';
import { buildItems, type Item } from './response-items.ts';
import type { OutputScript, ResponseScript } from './response-script.ts';
import { sampleOf } from './sample.ts';
import { countTokens } from './tokens.ts';
import type { World } from './world.ts';

export type ResponseBody = OpenAI.Responses.ResponseCreateParams;

const TEXT = 'This is a simulated answer.';

/** One response, from its creation to its end: at once, or by the retrieves of a client where it is in the background. */
export class LiveResponse {
  readonly id: string;
  readonly input: readonly Item[];
  readonly events: readonly NumberedEvent[];
  readonly background: boolean;
  /** As it will be, or is. */
  readonly #ended: Record<string, unknown>;
  readonly #polls: number;
  /** 0: queued; 1: in progress; then one more for each output; beyond: ended. */
  #stage = 0;
  #pollsLeft: number;
  #cancelled = false;

  constructor(world: World, body: ResponseBody, script: ResponseScript, input: readonly Item[]) {
    this.id = world.identifiers.next('resp_');
    this.input = input;
    this.background = body.background === true;
    const output = (script.output ?? [defaultOutput(body)]).flatMap((one, index, all) =>
      buildItems(one, {
        identifiers: world.identifiers,
        include: body.include ?? [],
        status: script.end === 'incomplete' && index === all.length - 1 ? 'incomplete' : 'completed',
      }),
    );
    this.#ended = {
      ...describe(world, this.id, body, script),
      ...ending(world, body, script, output),
      output,
    };
    this.events = responseEvents(this.#ended, this.background);
    this.#polls = script.pollsPerStage ?? 1;
    this.#pollsLeft = this.#polls;
    if (!this.background) this.#stage = output.length + 2;
  }

  get output(): readonly Item[] {
    return this.#ended.output as Item[];
  }

  get ended(): boolean {
    return this.#cancelled || this.#stage > this.output.length + 1;
  }

  /** What the API says of it now. */
  get object(): Record<string, unknown> {
    if (this.ended && !this.#cancelled) return this.#ended;
    const status = this.#cancelled ? 'cancelled' : this.#stage === 0 ? 'queued' : 'in_progress';
    const output = this.output.slice(0, Math.max(0, this.#stage - 1));
    return {
      ...this.#ended,
      completed_at: null,
      error: null,
      incomplete_details: null,
      usage: null,
      status,
      output,
    };
  }

  /** A client looked: a response in the background continues. */
  advance(): void {
    if (this.ended || --this.#pollsLeft > 0) return;
    this.#pollsLeft = this.#polls;
    this.#stage++;
  }

  /** Lets it come to its end, as when its stream is read. */
  finish(): void {
    this.#stage = this.output.length + 2;
  }

  cancel(): void {
    if (!this.ended) this.#cancelled = true;
  }
}

/** The fields that a response repeats from its request. */
function describe(
  world: World,
  id: string,
  body: ResponseBody,
  script: ResponseScript,
): Record<string, unknown> {
  const { conversation } = body;
  const model = script.model ?? body.model ?? 'gpt-4o-mini';
  return {
    id,
    object: 'response',
    created_at: world.clock.now(),
    background: body.background === true,
    billing: { payer: 'developer' },
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    model: /\d{4}-\d{2}-\d{2}$/.test(model) ? model : `${model}-2024-07-18`,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt: body.prompt ?? null,
    reasoning: { effort: null, summary: null, ...body.reasoning },
    service_tier: body.service_tier && body.service_tier !== 'auto' ? body.service_tier : 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' }, verbosity: 'medium', ...body.text },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_logprobs: 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    user: body.user ?? null,
    ...(conversation && {
      conversation: { id: typeof conversation === 'string' ? conversation : conversation.id },
    }),
  };
}

function ending(
  world: World,
  body: ResponseBody,
  script: ResponseScript,
  output: readonly Item[],
): Record<string, unknown> {
  const { end = 'completed', error = { code: 'server_error', message: 'The model failed.' } } = script;
  return {
    status: end,
    completed_at: end === 'completed' ? world.clock.now() : null,
    error: end === 'failed' ? error : null,
    incomplete_details:
      end === 'incomplete' ? { reason: script.incompleteReason ?? 'max_output_tokens' } : null,
    usage: end === 'completed' || end === 'incomplete' ? usageOf(body, script, output) : null,
  };
}

function usageOf(body: ResponseBody, { usage }: ResponseScript, output: readonly Item[]): object {
  const prompt = usage?.prompt ?? countTokens(JSON.stringify([body.input ?? '', body.tools ?? '']));
  const completion = usage?.completion ?? countTokens(JSON.stringify(output));
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: usage?.cached ?? 0, cache_write_tokens: usage?.cacheWrite ?? 0 },
    output_tokens: completion,
    output_tokens_details: { reasoning_tokens: usage?.reasoning ?? 0 },
    total_tokens: prompt + completion,
  };
}

function defaultOutput(body: ResponseBody): OutputScript {
  const last = Array.isArray(body.input) ? body.input.at(-1) : undefined;
  const answered = last !== undefined && 'type' in last && String(last.type).endsWith('_output');
  const tool = body.tools?.find((candidate) => candidate.type === 'function');
  if (tool?.type === 'function' && !answered && body.tool_choice !== 'none')
    return { function: { name: tool.name, arguments: sampleOf(tool.parameters) } };
  const format = body.text?.format;
  if (format?.type === 'json_schema') return { message: JSON.stringify(sampleOf(format.schema)) };
  return { message: format?.type === 'json_object' ? JSON.stringify({ answer: TEXT }) : TEXT };
}

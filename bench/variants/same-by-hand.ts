import type { Attributes, Span } from '@opentelemetry/api';
import type { Telemetry } from '../telemetry.ts';
import { type ByHand, prepareByHand, type Request, type Result } from './by-hand.ts';
import type { Prepared } from './variant.ts';

/** The attributes that only one kind of call has, for the requests of the cases. */
const KINDS: Readonly<Record<string, Attributes>> = {
  chat: { 'openai.api.type': 'chat_completions' },
  responses: { 'openai.api.type': 'responses', 'gen_ai.response.status': 'completed' },
  embeddings: { 'gen_ai.request.encoding_formats': ['base64'] },
};

/**
 * Records the attributes and metrics that this package records, written out by hand for the requests of the cases. It
 * handles no other requests, no errors, no retries, and no streams that are left early. So it measures what
 * OpenTelemetry's SDK alone takes.
 *
 * @param messages how many of a request's newest messages are recorded; 0 for no content
 */
export function prepareSameByHand(telemetry: Telemetry, messages: number): Prepared {
  const meter = telemetry.meterProvider?.getMeter('same by hand');
  const duration = meter?.createHistogram('gen_ai.client.operation.duration');
  const tokens = meter?.createHistogram('gen_ai.client.token.usage');
  const firstChunk = meter?.createHistogram('gen_ai.client.operation.time_to_first_chunk');

  const hand: ByHand = {
    timesChunks: true,
    readsChunks: messages > 0,
    spanName: (operation, { model }) => `${operationName(operation)} ${model}`,
    attributes: (operation, { model }) => ({
      'gen_ai.operation.name': operationName(operation),
      'gen_ai.request.model': model ?? '',
      'gen_ai.provider.name': 'openai',
      'server.address': 'api.test',
      'server.port': 80,
    }),
    started: (span, operation, request) => {
      span.setAttributes({ ...KINDS[operation], ...parameters(request) });
      if (messages > 0) span.setAttribute('gen_ai.input.messages', inputOf(request, messages));
    },
    finish(span, call) {
      const { context, startTime, operation, request, result, chunks, firstText, text } = call;
      const seconds = (performance.now() - startTime) / 1e3;
      span.setAttributes(answer(result));
      if (messages > 0) span.setAttribute('gen_ai.output.messages', outputOf(result, text));
      const dimensions = dimensionsOf(operation, request, result);
      if (chunks !== undefined) {
        span.setAttribute('openai.stream.chunk_count', chunks.length);
        span.setAttribute('openai.stream.end', 'completed');
        span.setAttribute('gen_ai.response.time_to_first_chunk', ((chunks[0] ?? 0) - startTime) / 1e3);
        if (firstText !== undefined)
          span.setAttribute('openai.stream.time_to_first_token', (firstText - startTime) / 1e3);
        recordChunks(span, chunks);
        firstChunk?.record(((chunks[0] ?? 0) - startTime) / 1e3, dimensions, context);
      }
      const all = { ...dimensions, ...tiers(result) };
      duration?.record(seconds, all, context);
      const { input, output } = tokensOf(result);
      tokens?.record(input, { ...all, 'gen_ai.token.type': 'input' }, context);
      if (output !== undefined) tokens?.record(output, { ...all, 'gen_ai.token.type': 'output' }, context);
      span.end();
    },
  };
  return prepareByHand(telemetry, hand);
}

function operationName(operation: string): string {
  return operation === 'responses' ? 'chat' : operation;
}

function parameters({ temperature, max_completion_tokens, stream }: Request): Attributes {
  const attributes: Attributes = {};
  if (stream === true) attributes['gen_ai.request.stream'] = true;
  if (temperature !== undefined) attributes['gen_ai.request.temperature'] = temperature;
  if (max_completion_tokens !== undefined) attributes['gen_ai.request.max_tokens'] = max_completion_tokens;
  return attributes;
}

function answer(result: Result): Attributes {
  const { id, model, choices } = result;
  const attributes: Attributes = { 'openai.request.id': 'req_1' };
  if (id !== undefined) {
    attributes['gen_ai.response.id'] = id;
    attributes['gen_ai.response.finish_reasons'] = [choices?.[0]?.finish_reason ?? 'stop'];
  }
  if (model !== undefined) attributes['gen_ai.response.model'] = model;
  Object.assign(attributes, tiers(result));
  const vector = result.data?.[0]?.embedding;
  if (vector !== undefined) attributes['gen_ai.embeddings.dimension.count'] = vector.length;
  const { input, output } = tokensOf(result);
  attributes['gen_ai.usage.input_tokens'] = input;
  if (output !== undefined) attributes['gen_ai.usage.output_tokens'] = output;
  return attributes;
}

function inputOf({ messages = [] }: Request, most: number): string {
  const newest = most < messages.length ? messages.slice(-most) : messages;
  return JSON.stringify(newest.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] })));
}

function outputOf({ choices }: Result, text: string | undefined): string {
  const content = text ?? choices?.[0]?.message?.content;
  return JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content }], finish_reason: 'stop' }]);
}

function tokensOf({ usage }: Result): { readonly input: number; readonly output: number | undefined } {
  const { prompt_tokens, input_tokens, completion_tokens, output_tokens } = usage ?? {};
  return { input: prompt_tokens ?? input_tokens ?? 0, output: completion_tokens ?? output_tokens };
}

function tiers({ service_tier, system_fingerprint }: Result): Attributes {
  return service_tier === undefined || system_fingerprint === undefined
    ? {}
    : {
        'openai.response.service_tier': service_tier,
        'openai.response.system_fingerprint': system_fingerprint,
      };
}

function dimensionsOf(operation: string, { model = '' }: Request, result: Result): Attributes {
  return {
    'gen_ai.operation.name': operationName(operation),
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': model,
    'gen_ai.response.model': result.model ?? '',
    'server.address': 'api.test',
    'server.port': 80,
  };
}

function recordChunks(span: Span, chunks: readonly number[]): void {
  if (chunks.length < 2) return;
  let longest = 0;
  for (let index = 1; index < chunks.length; index++)
    longest = Math.max(longest, (chunks[index] ?? 0) - (chunks[index - 1] ?? 0));
  const whole = (chunks.at(-1) ?? 0) - (chunks[0] ?? 0);
  span.setAttribute('openai.stream.chunk_gap_mean', whole / (chunks.length - 1) / 1e3);
  span.setAttribute('openai.stream.chunk_gap_max', longest / 1e3);
}

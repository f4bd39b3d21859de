import type { Attributes, Span } from '@opentelemetry/api';
import type OpenAI from 'openai';
import type { Telemetry } from '../telemetry.ts';
import type { Prepared } from './variant.ts';

interface Completion {
  readonly id?: string;
  readonly model?: string;
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

interface ApiPromise extends Promise<unknown> {
  readonly responsePromise: Promise<unknown>;
  _thenUnwrap(transform: (value: unknown) => unknown): ApiPromise;
}

type Method = (this: object, ...parameters: unknown[]) => ApiPromise;

/**
 * What a team writes by hand in an afternoon: one span per call with eight attributes, active while the call
 * runs. No metrics, no errors but their status, no content, and none of the rest. It is the least that tracing costs.
 */
export function prepareBare({ api }: Telemetry): Prepared {
  const tracer = api.trace.getTracer('bare');

  function wrap(prototype: object, name: string, operation: string): void {
    const original = Reflect.get(prototype, name) as Method;
    const wrapped: Method = function (...parameters) {
      const request = parameters.find((value) => typeof value === 'object') as
        | { model?: string; stream?: boolean }
        | undefined;
      const attributes: Attributes = {
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': 'openai',
        'server.address': 'api.openai.com',
      };
      if (request?.model !== undefined) attributes['gen_ai.request.model'] = request.model;
      const span = tracer.startSpan(operation, { kind: api.SpanKind.CLIENT, attributes });
      const context = api.trace.setSpan(api.context.active(), span);
      const promise = api.context.with(context, () => original.apply(this, parameters));
      promise.responsePromise.catch(() => {
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      });
      const settle = (value: unknown): unknown => {
        if (request?.stream === true) return watch(value as Stream, span);
        finish(span, value as Completion);
        return value;
      };
      return promise._thenUnwrap(settle);
    };
    Object.assign(prototype, { [name]: wrapped });
  }

  return {
    loaded({ OpenAI }) {
      for (const [prototype, name, operation] of methodsOf(OpenAI)) wrap(prototype, name, operation);
    },
  };
}

type MethodRow = readonly [prototype: object, name: string, operation: string];

function methodsOf({ Chat, Embeddings, Responses, Beta }: typeof OpenAI): readonly MethodRow[] {
  const { Threads } = Beta;
  return [
    [Chat.Completions.prototype, 'create', 'chat'],
    [Embeddings.prototype, 'create', 'embeddings'],
    [Responses.prototype, 'create', 'chat'],
    [Threads.prototype, 'create', 'create_thread'],
    [Threads.Messages.prototype, 'create', 'create_message'],
    [Threads.Messages.prototype, 'list', 'list_messages'],
    [Threads.Runs.prototype, 'create', 'invoke_agent'],
    [Threads.Runs.prototype, 'retrieve', 'retrieve_run'],
    [Threads.Runs.Steps.prototype, 'list', 'list_steps'],
  ];
}

interface Stream {
  iterator(): AsyncIterator<Completion>;
}

function watch(stream: Stream, span: Span): Stream {
  const original = stream.iterator;
  stream.iterator = function () {
    const inner = original.call(this);
    let last: Completion = {};
    const onResult = (result: IteratorResult<Completion>): IteratorResult<Completion> => {
      if (result.done === true) finish(span, last);
      else last = result.value;
      return result;
    };
    return {
      next: () => inner.next().then(onResult),
      return: async () => {
        finish(span, last);
        return (await inner.return?.()) ?? { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    } as AsyncIterator<Completion>;
  };
  return stream;
}

function finish(span: Span, { id, model, usage }: Completion): void {
  if (id !== undefined) span.setAttribute('gen_ai.response.id', id);
  if (model !== undefined) span.setAttribute('gen_ai.response.model', model);
  if (usage?.prompt_tokens !== undefined) span.setAttribute('gen_ai.usage.input_tokens', usage.prompt_tokens);
  if (usage?.completion_tokens !== undefined)
    span.setAttribute('gen_ai.usage.output_tokens', usage.completion_tokens);
  span.end();
}

import { type Attributes, context, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { CONVERSATION } from '../hierarchy/conversation-context.ts';
import { defaultTelemetry, prepareDefaultObservers } from '../pipeline/observer-registry.ts';
import { isSuppressed } from '../sdk/suppression.ts';
import { ATTR_GEN_AI_PROMPT_NAME } from '../semconv/attributes.ts';
import { type TraceMetadata, withMetadataIn } from '../telemetry/metadata.ts';
import { FunctionSpan } from '../telemetry/spans/function-span.ts';
import { guard, warnOnce } from '../util/guard.ts';
import { watchOutcome } from '../util/watch-result.ts';

/** How a function is traced. What it shares with `TraceMetadata` holds for everything below it, as with {@link withMetadata}. */
export interface TracedOptions extends TraceMetadata {
  /** Of the span. Default: `prompt`, else the name of the function. */
  readonly name?: string | undefined;
  /** What the program calls the prompt that the function asks with: `gen_ai.prompt.name` of its span. */
  readonly prompt?: string | undefined;
}

type AnyFunction = (...args: never[]) => unknown;
type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** A standard decorator of methods. */
export type TracedDecorator = <Method extends AnyFunction>(
  method: Method,
  context: { readonly kind: 'method'; readonly name: string | symbol },
) => Method;

/**
 * Gives each call of a function a span, which is active while it runs: until it has returned, the promise that it
 * returned has settled, or the generator that it returned has ended. Arguments and result are content: they are
 * recorded as `openai.trace.input` and `openai.trace.output` where `captureMessageContent` says so.
 *
 * In the place of a promise another is given, the same for the same: the rejection to handle is that one's.
 *
 * @param options the name of the span, or more
 * @returns a function that looks and works like the given one
 */
export function traced<Traced extends CallableFunction>(options: string | TracedOptions, run: Traced): Traced;
/**
 * The same as a standard decorator of methods: `@traced('answer') async answer(question) { … }`.
 *
 * @param options the name of the span, or more
 */
export function traced(options?: string | TracedOptions): TracedDecorator;
export function traced(options: string | TracedOptions = {}, run?: Callable): unknown {
  const given = typeof options === 'string' ? { name: options } : (options ?? {});
  if (run !== undefined) return watched(run, given);
  return (method: Callable, context?: unknown) => {
    // A legacy decorator would give a function in the place of a property descriptor.
    if (typeof (context ?? {}) === 'object') return watched(method, given);
    return warnOnce('traced', 'traced needs standard decorators, not experimentalDecorators');
  };
}

/** A function that is the given one in all but its calls: name, length, properties, `new`. */
function watched(run: Callable, options: TracedOptions): Callable {
  return new Proxy(run, {
    apply(target, self, args) {
      const call = (): unknown => Reflect.apply(target, self, args);
      const started = guard('starting a span', startSpan, options, target, args);
      return started === undefined ? call() : watchOutcome(call, started);
    },
  });
}

/**
 * Runs a function below a span, which is active while it runs. Neither arguments nor results are recorded.
 *
 * @param run gets the span, to set attributes of its own
 * @returns what the function returns
 */
export function span<Result>(name: string, run: (span: Span) => Result): Result {
  const started = guard('starting a span', startSpan, { name });
  if (started === undefined) return run(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  return watchOutcome(() => run(started.span), started);
}

/**
 * Stamps what the program says on every span that this package makes below it, and with `MetadataSpanProcessor` on
 * all others. It is recorded as it is, whatever `captureMessageContent` says.
 *
 * @returns what the function returns
 */
export function withMetadata<Result>(metadata: TraceMetadata, run: () => Result): Result {
  prepareDefaultObservers();
  const active = context.active();
  return context.with(guard('reading metadata', withMetadataIn, active, metadata) ?? active, run);
}

/**
 * Runs a function whose calls belong to one conversation, for programs that keep the history themselves and
 * send it with every chat completion. Its calls carry the id, and without an active span they form one trace.
 *
 * @param id of the conversation, as the program knows it
 * @returns what the function returns
 */
export function withConversation<Result>(id: string, run: () => Result): Result {
  prepareDefaultObservers();
  return context.with(context.active().setValue(CONVERSATION, id), run);
}

/** @returns nothing where all is switched off, or tracing suppressed */
function startSpan(
  options: TracedOptions,
  run?: Callable,
  input?: readonly unknown[],
): FunctionSpan | undefined {
  const telemetry = defaultTelemetry();
  const active = context.active();
  if (telemetry === undefined || isSuppressed(active)) return undefined;
  const name = options.name ?? options.prompt ?? (run?.name || 'function');
  const attributes: Attributes =
    options.prompt === undefined ? {} : { [ATTR_GEN_AI_PROMPT_NAME]: options.prompt };
  return new FunctionSpan(telemetry, { name, attributes, input, parent: withMetadataIn(active, options) });
}

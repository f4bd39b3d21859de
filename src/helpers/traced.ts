import { type Attributes, type Context, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { conversationIn } from '../hierarchy/conversations/conversation-id.ts';
import { define } from '../operations/attributes.ts';
import { programCode, programFunction } from '../operations/program.ts';
import { defaultTelemetry, placeOfFunction, prepareDefaultObservers } from '../pipeline/default-observers.ts';
import { CONVERSATION } from '../sdk/agents-sdk/agents-key.ts';
import * as ATTR from '../semconv/attributes.ts';
import { type PromptMetadata, type TraceMetadata, withMetadataIn } from '../telemetry/metadata.ts';
import { type LocalPlace, type ProgramOperation, startOperation } from '../telemetry/program-operation.ts';
import { activeContext, isSuppressed, runIn } from '../util/context.ts';
import { cut } from '../util/cut-text.ts';
import { guard, warnOnce } from '../util/guard.ts';
import { asArray, MAX_NAME_LENGTH, ownField, strings } from '../util/payload.ts';
import { watchOutcome } from '../util/watch-result.ts';
import { type Callable, decorate } from './traced-arguments.ts';

/** How to trace a function. Fields of `TraceMetadata` apply to its span and everything below. */
export interface TracedOptions extends Omit<TraceMetadata, 'prompt'> {
  /** The name of the span. Default: `prompt`, else the name of the function. */
  readonly name?: string | undefined;
  /**
   * The prompt that the function uses. A name sets `gen_ai.prompt.name` on the function's span only; an
   * object applies to everything below that span, too.
   */
  readonly prompt?: string | PromptMetadata | undefined;
}

/** A standard method decorator. */
export type TracedDecorator = <Method extends (...args: never[]) => unknown>(
  method: Method,
  context: { readonly kind: 'method'; readonly name: string | symbol },
) => Method;

/**
 * Wraps a function so that each call has a span. The span is active while the function runs and ends when the
 * function returns, when its promise settles, or when its generator ends. Arguments and results are content:
 * they are recorded as `openai.trace.input` and `openai.trace.output` if `captureMessageContent` allows.
 *
 * If the function returns a native promise, the caller gets another promise that settles the same way, and
 * must handle its rejection.
 *
 * @param options the name of the span, or an object with more options
 * @returns a function with the same name, length, properties and behavior
 */
export function traced<Traced extends CallableFunction>(options: string | TracedOptions, run: Traced): Traced;
/** Without options: `traced(answer)` names the span after the function. */
export function traced<Traced extends CallableFunction>(run: Traced): Traced;
/**
 * A standard method decorator that does the same: `@traced('answer') async answer(question) { … }`. TypeScript compiles
 * standard decorators unless `experimentalDecorators` is set; with that option, the method stays untraced.
 *
 * @param options the name of the span, or an object with more options
 */
export function traced(options?: string | TracedOptions): TracedDecorator;
export function traced(options: unknown = {}, run?: unknown, descriptor?: unknown): unknown {
  return typeof run === 'function'
    ? wrapFunction(run as Callable, options)
    : decorate(wrapFunction, options, run, descriptor);
}

/** A proxy keeps the name, length and properties of the function. */
function wrapFunction(run: Callable, given: unknown): Callable {
  const options = (typeof given === 'string' ? { name: given } : (given ?? {})) as TracedOptions;
  // A class cannot be called, and a proxy of it would lack its private static members.
  if (/^class\b/.test(Function.prototype.toString.call(run))) {
    warnOnce('traced class', 'traced ignored a class: expected a function or a method.');
    return run;
  }
  return new Proxy(run, {
    apply(target, self, args) {
      const call = (): unknown => Reflect.apply(target, self, args);
      const started = guard('starting a span', startFunctionSpan, options, target, args);
      return started === undefined ? call() : watchOutcome(call, started);
    },
  });
}

/**
 * Runs a function in a new span, which is active while it runs. Arguments and results are not recorded.
 *
 * @param run receives the span, to set attributes
 * @returns the function's result
 */
export function span<Result>(name: string, run: (span: Span) => Result): Result {
  const started = guard('starting a span', startFunctionSpan, { name });
  if (started === undefined) return run(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  return watchOutcome(() => run(started.record.span), started);
}

/** How `withMetadata` applies its metadata. */
export interface MetadataOptions {
  /**
   * What to add to OpenTelemetry's baggage: `userId` and `sessionId` (`true`), or a list of these, `project`,
   * `environment` and keys of `metadata`. Instrumented HTTP clients send it to every host but those of `openai` clients.
   */
  readonly propagate?: boolean | readonly string[] | undefined;
}

/**
 * Adds metadata to every span that this package creates while the function runs, and with `MetadataSpanProcessor` to all
 * other spans. The metadata is recorded, whatever `captureMessageContent` says.
 *
 * @returns the function's result
 */
export function withMetadata<Result>(
  metadata: TraceMetadata,
  run: () => Result,
  options?: MetadataOptions,
): Result {
  prepareDefaultObservers();
  const active = activeContext();
  const given = ownField(options, 'propagate');
  const fields = given === true ? ['userId', 'sessionId'] : strings(asArray(given));
  // An instrumentation that is off would not keep the baggage from OpenAI.
  const sent = fields.length > 0 && defaultTelemetry() !== undefined ? fields : [];
  return runIn(guard('reading metadata', withMetadataIn, active, metadata, sent) ?? active, run);
}

/**
 * Runs a function whose calls belong to one conversation, for programs that keep the message history
 * themselves. It covers chat completions, responses without a conversation, embeddings and other calls,
 * `span` and `traced`. Their spans carry the id; without an active span, they form one trace. Threads,
 * sessions and objects of the Conversations API keep their own ids. A generator runs while it is read, so
 * read it inside the function.
 *
 * @param id the program's own id for the conversation, unique across users: calls with equal ids form one
 *   conversation. Only the first 1,024 characters count; a number is converted to text
 * @returns the function's result
 */
export function withConversation<Result>(id: string, run: () => Result): Result {
  prepareDefaultObservers();
  return runIn(activeContext().setValue(CONVERSATION, conversationName(id)), run);
}

/** Accepts numbers, because database ids are often numbers. */
function conversationName(id: unknown): string | undefined {
  const name = nameIn(typeof id === 'bigint' || Number.isFinite(id) ? String(id) : id);
  if (name === undefined)
    warnOnce('conversation', 'withConversation ignored its id: expected a number or a string.');
  return name;
}

/** @returns `undefined` if the instrumentation is switched off or tracing is suppressed */
function startFunctionSpan(
  options: TracedOptions,
  run?: Callable,
  input?: readonly unknown[],
): ProgramOperation<never> | undefined {
  const telemetry = defaultTelemetry();
  const active = activeContext();
  if (telemetry === undefined || isSuppressed(active)) return undefined;
  const named = ownField(options, 'prompt');
  const prompt = nameIn(named);
  const name =
    nameIn(ownField(options, 'name')) ??
    prompt ??
    nameIn(ownField(named, 'name')) ??
    (run?.name || 'function');
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_PROMPT_NAME, prompt);
  define(attributes, ATTR.GEN_AI_CONVERSATION_ID, conversationIn(active));
  const find = (caller: Context, startTime: number): LocalPlace => {
    const found = guard('finding the parent of a function', placeOfFunction, caller, startTime);
    return { ...found, parent: withMetadataIn(found?.parent ?? caller, options as TraceMetadata) };
  };
  return input === undefined
    ? startOperation(telemetry, programCode, { name, attributes }, find)
    : startOperation(telemetry, programFunction, { name, attributes, input }, find);
}

/** Limits the length of a name, because a program may build names from the input of its users. */
function nameIn(name: unknown): string | undefined {
  return typeof name === 'string' ? cut(name, MAX_NAME_LENGTH) : undefined;
}

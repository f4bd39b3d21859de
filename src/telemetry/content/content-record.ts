import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { Completion, CompletionHook } from '../../config/completion-types.ts';
import {
  recordsContentOnEvents,
  recordsContentOnSpans,
  type Settings,
  sinkTakesContent,
} from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS } from '../../semconv/events.ts';
import { guard } from '../../util/guard.ts';
import { asObject, isRecordable } from '../../util/payload.ts';
import type { Failure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { type Content, copyContent, newCompletion } from './completion-hook.ts';
import { attributeLimitOf, ContentWriter, textLimitOf } from './content-writer.ts';

/** The share of the limit that messages may use if more content follows, and the input if an output follows. */
const SHARE = 0.75;

/** How each kind of content is written, in the order in which they may use up the limit. */
const WRITE: {
  readonly [Kind in keyof Content]-?: (writer: ContentWriter, to: Attributes, value: Content[Kind]) => void;
} = {
  parameters: (writer, to, texts) => writer.addTexts(to, texts ?? {}),
  systemInstructions: (writer, to, parts) =>
    writer.addParts(to, ATTR.GEN_AI_SYSTEM_INSTRUCTIONS, parts ?? []),
  outputMessages: (writer, to, messages) =>
    writer.addMessages(to, ATTR.GEN_AI_OUTPUT_MESSAGES, messages ?? []),
  inputMessages: (writer, to, messages) =>
    writer.addMessages(to, ATTR.GEN_AI_INPUT_MESSAGES, messages ?? [], SHARE),
  toolDefinitions: (writer, to, tools) => writer.addList(to, ATTR.GEN_AI_TOOL_DEFINITIONS, tools ?? []),
  toolArguments: (writer, to, given) => writer.addValue(to, ATTR.GEN_AI_TOOL_CALL_ARGUMENTS, given),
  toolResult: (writer, to, result) => writer.addValue(to, ATTR.GEN_AI_TOOL_CALL_RESULT, result),
  functionArguments: (writer, to, given) => writer.addJson(to, ATTR.OPENAI_TRACE_INPUT, given),
  functionResult: (writer, to, result) => writer.addJson(to, ATTR.OPENAI_TRACE_OUTPUT, result),
  documents: (writer, to, found) => writer.addList(to, ATTR.GEN_AI_RETRIEVAL_DOCUMENTS, found ?? []),
};
const CONTENT_KINDS = Object.keys(WRITE) as (keyof Content)[];

function writeKind(writer: ContentWriter, to: Attributes, content: Content, kind: keyof Content): void {
  WRITE[kind](writer, to, content[kind] as never);
}

/** Attributes that are JSON on spans and structured values on events. */
const STRUCTURED: ReadonlySet<string> = new Set([
  ATTR.GEN_AI_SYSTEM_INSTRUCTIONS,
  ATTR.GEN_AI_OUTPUT_MESSAGES,
  ATTR.GEN_AI_INPUT_MESSAGES,
  ATTR.GEN_AI_TOOL_DEFINITIONS,
  ATTR.GEN_AI_TOOL_CALL_ARGUMENTS,
  ATTR.GEN_AI_TOOL_CALL_RESULT,
  ATTR.GEN_AI_RETRIEVAL_DOCUMENTS,
]);

/** The end of an operation. */
export interface OperationEnd {
  /** All attributes of the span except content. */
  readonly attributes: Attributes;
  readonly failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  readonly endTime: number;
}

/**
 * The content of one operation on its way to the completion hook, the span and the event. This is the one place that
 * decides who gets content. It is read once and serialised once, within the limits; the event gets the same content as
 * structured values. The event does not depend on sampling, since its purpose is to keep content apart from traces.
 */
export class ContentRecord {
  readonly #span: Span;
  readonly #context: Context;
  readonly #telemetry: Telemetry;
  readonly #onSpan: boolean;
  readonly #onEvent: boolean;
  readonly #inSink: boolean;
  readonly #hook: CompletionHook | undefined;
  readonly #writer: ContentWriter;
  /** The added content, kept for the hook. */
  readonly #held: Content = {};
  /** The serialised content. */
  readonly #attributes: Attributes = {};

  private constructor(
    telemetry: Telemetry,
    span: Span,
    context: Context,
    settings: Settings,
    to: { span: boolean; event: boolean; sink: boolean },
  ) {
    this.#telemetry = telemetry;
    this.#span = span;
    this.#context = context;
    this.#onSpan = to.span;
    this.#onEvent = to.event;
    this.#inSink = to.sink;
    this.#hook = settings.completionHook;
    // Where a span has the same content, its texts stay whole.
    this.#writer = to.span
      ? new ContentWriter(settings, attributeLimitOf(span))
      : new ContentWriter(settings, undefined, to.event ? textLimitOf(telemetry.events.provider) : undefined);
  }

  /** Called once something may take content. */
  static begin(
    telemetry: Telemetry,
    span: Span,
    context: Context,
    settings: Settings,
  ): ContentRecord | undefined {
    const { events } = telemetry;
    const to = {
      span: recordsContentOnSpans(settings) && span.isRecording(),
      event:
        recordsContentOnEvents(settings) &&
        events.wanted(EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS, context),
      sink: sinkTakesContent(settings),
    };
    return to.span || to.event || to.sink || settings.completionHook !== undefined
      ? new ContentRecord(telemetry, span, context, settings, to)
      : undefined;
  }

  /** For an operation without content: the completion hook sees only the message of its error. */
  static ofFailure(
    telemetry: Telemetry,
    span: Span,
    context: Context,
    { message }: Failure,
  ): ContentRecord | undefined {
    return message === undefined
      ? undefined
      : new ContentRecord(telemetry, span, context, telemetry.settings, {
          span: false,
          event: false,
          sink: false,
        });
  }

  /** The recorded content by attribute, as values, after the limits and the hook. */
  get written(): Readonly<Record<string, unknown>> {
    return structured(this.#attributes);
  }

  /** Whether the end has anything to do: a hook must see the content, or an event carries it. */
  get awaitsEnd(): boolean {
    return this.#hook !== undefined || this.#onEvent;
  }

  /** Adds the input. It is recorded at once, unless a hook must see it first. */
  addInput(content: Content): void {
    if (this.#hook === undefined) this.#writer.within(SHARE, () => this.#write(content));
    else Object.assign(this.#held, copyContent(content));
  }

  /** Adds the output, or all content at once. */
  add(content: Content): void {
    if (this.#hook === undefined) this.#write(content);
    else Object.assign(this.#held, copyContent(content));
  }

  /** Records the content after the hook, and emits the event. @returns the failure, as the hook changed it */
  end({ attributes, failure, endTime }: OperationEnd): Failure | undefined {
    const hook = this.#hook;
    const completion = hook === undefined ? undefined : this.#newCompletion(attributes, failure);
    if (hook !== undefined && completion !== undefined) {
      if (this.#telemetry.hooks.call(hook, completion)) {
        this.#write(completion);
        this.#stamp(completion.attributes);
      } else completion.errorMessage = undefined;
    }
    // The conventions define the event for GenAI operations only.
    if (this.#onEvent && attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined)
      this.#telemetry.events.emit({
        name: EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
        context: this.#context,
        attributes: { ...attributes, ...structured(this.#attributes) },
        time: endTime,
      });
    if (failure === undefined || completion === undefined) return failure;
    const { errorMessage } = completion;
    return errorMessage === failure.message
      ? failure
      : { ...failure, message: typeof errorMessage === 'string' ? errorMessage : undefined };
  }

  #newCompletion(operation: Attributes, failure: Failure | undefined): Completion {
    const completion = newCompletion(operation, this.#span.spanContext());
    return Object.assign(completion, this.#held, { errorMessage: failure?.message });
  }

  #write(content: Content): void {
    if (!this.#onSpan && !this.#onEvent && !this.#inSink) return;
    const written: Attributes = {};
    // No iterator, which would allocate for each kind.
    for (let index = 0; index < CONTENT_KINDS.length; index++) {
      const kind = CONTENT_KINDS[index] as keyof Content;
      // A hook may have left a getter that throws.
      if (this.#hook !== undefined || content[kind] !== undefined)
        guard('recording content', writeKind, this.#writer, written, content, kind);
    }
    this.#set(written);
  }

  #stamp(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
    Object.assign(this.#attributes, attributes);
  }

  #set(written: Attributes): void {
    if (this.#onSpan) this.#span.setAttributes(written);
    if (this.#onEvent || this.#inSink) Object.assign(this.#attributes, written);
  }
}

function structured(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      STRUCTURED.has(name) ? parseContent(String(value)) : value,
    ]),
  );
}

/** What OpenTelemetry cannot carry: an own `constructor` property, and in OTLP/JSON an integer of more than 64 bits. */
const UNUSUAL = /"constructor":|\d{19}|\de\+/;

/** Such a value stays JSON text. One of them would make a collector refuse all log records of the request. */
function parseContent(json: string): unknown {
  return UNUSUAL.test(json) ? JSON.parse(json, (_, value: unknown) => carried(value)) : JSON.parse(json);
}

function carried(value: unknown): unknown {
  const isCarried =
    typeof value === 'number'
      ? isRecordable(value)
      : asObject(value) === undefined || !Object.hasOwn(value as object, 'constructor');
  return isCarried ? value : JSON.stringify(value);
}

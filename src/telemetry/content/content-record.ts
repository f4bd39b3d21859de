import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import type { Caller, Completion, CompletionHook } from '../../config/completion-types.ts';
import {
  type ContentTargets,
  contentTargets,
  operationSettings,
  type Settings,
} from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS } from '../../semconv/events.ts';
import { textLimitOf } from '../../util/otel-sdk.ts';
import { asNumber, asObject, field, MAX_PART_DEPTH, setOwn } from '../../util/payload.ts';
import type { Events } from '../events/log-records.ts';
import { callerIn } from '../metadata.ts';
import type { Failure } from '../outcomes/failure.ts';
import { callCompletionHook, isInsideHook } from '../program-hooks.ts';
import type { Telemetry } from '../telemetry.ts';
import {
  CONTENT_KINDS,
  type Content,
  type ContentLimits,
  contentLimits,
  STRUCTURED,
  type UnreadMessages,
  writeContent,
} from './content-writer.ts';

const NOWHERE: ContentTargets = { span: false, event: false, sink: false };

interface Recorded {
  readonly telemetry: Telemetry;
  readonly events: Events | undefined;
  readonly span: Span;
  readonly context: Context;
  readonly settings: Settings;
  readonly targets: ContentTargets;
}

/**
 * Passes the content of one operation to the completion hook, the span, the event and the sink. Event and
 * sink get structured values. An unsampled operation has an event, too, because events exist to keep content
 * apart from traces.
 */
export class ContentRecord {
  readonly #of: Recorded;
  readonly #limits: ContentLimits;
  /** Whether `end()` has anything to do: pass the content to a hook, or emit an event. */
  readonly awaitsEnd: boolean;
  /** The content added so far, until the hook has seen it; `undefined` without a hook. */
  #held: Content | undefined;
  readonly #attributes: Attributes = {};

  private constructor(of: Recorded) {
    const { events, span, settings, targets } = of;
    this.#of = of;
    this.#held = settings.completionHook && {};
    this.awaitsEnd = targets.event || this.#held !== undefined;
    // Span and event get the same JSON. The logger's text limit would cut what the span can hold, so it
    // applies only without a span. One character is for the `…` of a cut text.
    const maxText = targets.event && !targets.span ? textLimitOf(events?.provider) - 1 : undefined;
    this.#limits = contentLimits(settings, targets.span ? textLimitOf(span) : undefined, maxText);
  }

  /**
   * Begins a record, unless nothing wants the operation's content. If there is a completion hook, calls that
   * a hook makes have no content, because no hook could mask it.
   *
   * @param startSettings the settings at the start. They and the current ones must allow content
   * @param events `undefined` if the operation has no content, so that the hook sees only the error message
   */
  static begin(
    telemetry: Telemetry,
    span: Span,
    context: Context,
    startSettings: Settings,
    events: Events | undefined,
  ): ContentRecord | undefined {
    const settings = operationSettings(startSettings, telemetry.settings);
    const isHooked = settings.completionHook !== undefined;
    if (isHooked && isInsideHook(context)) return undefined;
    const wanted = events === undefined ? NOWHERE : contentTargets(settings);
    const targets = {
      span: wanted.span && span.isRecording(),
      event:
        wanted.event && events?.wanted(EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS, context) === true,
      sink: wanted.sink,
    };
    return targets.span || targets.event || targets.sink || isHooked
      ? new ContentRecord({ telemetry, events, span, context, settings, targets })
      : undefined;
  }

  get #isOutdated(): boolean {
    const { telemetry, settings } = this.#of;
    const now = operationSettings(settings, telemetry.settings);
    return (
      now.captureMessageContent !== settings.captureMessageContent ||
      now.completionHook !== settings.completionHook ||
      now.hideContent !== settings.hideContent
    );
  }

  /** The recorded content by attribute, as event and sink get it: within the limits and after the hook. */
  get written(): Readonly<Record<string, unknown>> {
    if (this.#isOutdated) return {};
    const written: Record<string, unknown> = { ...this.#attributes };
    for (const name in written) if (STRUCTURED.has(name)) written[name] = parseContent(written[name]);
    return written;
  }

  /**
   * Records content at once, unless a hook must see it first.
   *
   * @param share the share of the remaining limit that the content may use: less than 1 if more follows
   */
  add(content: Content, share?: number): void {
    const { span, settings, targets } = this.#of;
    if (this.#isOutdated) return;
    if (this.#held !== undefined) Object.assign(this.#held, copyContent(content, settings.hideContent));
    else if (targets.span || targets.event || targets.sink) {
      const written = writeContent(this.#limits, content, share);
      if (targets.span) span.setAttributes(written);
      if (targets.event || targets.sink) Object.assign(this.#attributes, written);
    }
  }

  /** Returns what the span would record of the content; `undefined` if a hook must see the content first. */
  preview(content: Content): Attributes | undefined {
    if (!this.#of.targets.span || this.#held !== undefined || this.#isOutdated) return undefined;
    return writeContent({ ...this.#limits, media: { ...this.#limits.media } }, content);
  }

  /**
   * Passes the content to the hook, if there is one, records what the hook leaves, and emits the event.
   *
   * @param attributes all attributes of the span except content
   * @returns the failure, as the hook changed it; `undefined` also if the settings no longer allow this content
   */
  end(attributes: Attributes, failure: Failure | undefined, time: number): Failure | undefined {
    const { events, context, targets } = this.#of;
    if (this.#isOutdated) return undefined;
    const shown = this.#held === undefined ? failure : this.#passHook(this.#held, attributes, failure);
    const { written } = this;
    if (targets.event && hasDetails(attributes, written))
      events?.emit({
        name: EVENT_GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
        context,
        attributes: { ...attributes, ...written },
        time,
      });
    return shown;
  }

  #passHook(held: Content, attributes: Attributes, failure: Failure | undefined): Failure | undefined {
    const { span, context, settings } = this.#of;
    const hook = settings.completionHook as CompletionHook;
    const content = { ...held, errorMessage: failure?.message };
    this.#held = undefined;
    const completion = passHook(hook, content, attributes, span.spanContext(), context);
    if (completion !== undefined) {
      this.add(completion);
      span.setAttributes(completion.attributes);
      Object.assign(this.#attributes, completion.attributes);
    }
    const errorMessage = completion?.errorMessage;
    return failure === undefined || errorMessage === failure.message
      ? failure
      : { ...failure, message: typeof errorMessage === 'string' ? errorMessage : undefined };
  }
}

/**
 * The conventions define the event for GenAI operations of a provider. Without content, only the details of a request are
 * worth an event.
 */
function hasDetails(attributes: Attributes, written: Readonly<Record<string, unknown>>): boolean {
  const {
    [ATTR.GEN_AI_OPERATION_NAME]: name,
    [ATTR.GEN_AI_PROVIDER_NAME]: provider,
    [ATTR.SERVER_ADDRESS]: address,
  } = attributes;
  const isGiven = address !== undefined || Object.keys(written).length > 0;
  return name !== undefined && provider !== undefined && isGiven;
}

/** @returns the completion as the hook left it; `undefined` if its content may not be recorded */
export function passHook(
  hook: CompletionHook,
  content: object,
  operation: Attributes,
  spanContext: SpanContext,
  context: Context,
): Completion | undefined {
  const completion = { ...newCompletion(operation, spanContext, callerIn(context)), ...content };
  return callCompletionHook(hook, completion) ? completion : undefined;
}

export function newCompletion(operation: Attributes, spanContext: SpanContext, caller: Caller): Completion {
  return {
    operation: { ...operation },
    spanContext,
    caller,
    systemInstructions: [],
    inputMessages: [],
    outputMessages: [],
    toolDefinitions: [],
    toolArguments: undefined,
    toolResult: undefined,
    functionArguments: undefined,
    functionResult: undefined,
    documents: [],
    requestBody: undefined,
    parameters: {},
    errorMessage: undefined,
    evaluationExplanation: undefined,
    attributes: {},
  };
}

/** How many values are copied of one message, definition, document or tool call. */
const MAX_COPIED_VALUES = 100_000;

/** Copies the content that is not hidden, so that a hook's changes do not reach the program's payload. */
function copyContent(content: Content, hidden: Settings['hideContent']): Content {
  const copied: Record<string, unknown> = {};
  for (const { name, of = 'inputs' } of CONTENT_KINDS) {
    const value = content[name];
    if (of === hidden || value === undefined) continue;
    const list =
      name === 'inputMessages' ? (value as UnreadMessages) : Array.isArray(value) ? value : undefined;
    copied[name] =
      list === undefined
        ? copyItem(value)
        : Array.from({ length: list.length }, (_, index) => copyItem(list.at(index)));
  }
  return copied;
}

function copyItem(item: unknown): unknown {
  let left = MAX_COPIED_VALUES;
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'function') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (depth === 0 || left <= 0) return undefined;
    if (Array.isArray(value)) {
      left -= value.length;
      return value.slice(0, MAX_COPIED_VALUES).map((each) => copy(each, depth - 1));
    }
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (left-- <= 0) break;
      setOwn(copied, key, copy(field(value, key), depth - 1));
    }
    return copied;
  };
  return copy(item, MAX_PART_DEPTH - 2);
}

/** Matches JSON that may contain what OTLP cannot carry: a property `constructor`, or an integer of over 64 bits. */
const UNUSUAL = /"constructor":|\d{19}|\de\+/;

/** Parses content. What OTLP cannot carry stays JSON: otherwise, a collector would refuse a whole export. */
function parseContent(json: unknown): unknown {
  try {
    const text = String(json);
    return UNUSUAL.test(text) ? JSON.parse(text, (_, value: unknown) => carried(value)) : JSON.parse(text);
  } catch {
    // A completion hook may have set the attribute to a value that is not JSON.
    return json;
  }
}

function carried(value: unknown): unknown {
  const isCarried =
    typeof value === 'number'
      ? asNumber(value) !== undefined
      : asObject(value) === undefined || !Object.hasOwn(value as object, 'constructor');
  return isCarried ? value : JSON.stringify(value);
}
